import { useEffect, useState, useSyncExternalStore } from 'react';
import type { Call } from '#contract/calls.ts';
import { useRealtime } from '../../app/realtime-context.tsx';
import { FollowSession, type FollowView } from './follow-session.ts';
import type { ListeningSession } from './listening-session.ts';

/** Following, for as long as the room is open. Null for the moment before it is. */
export function useFollowSession(session: ListeningSession, slotId: string): FollowSession | null {
  const realtime = useRealtime();
  const [follow, setFollow] = useState<FollowSession | null>(null);
  useEffect(() => {
    if (!realtime) return;
    const opened = new FollowSession(realtime, session, slotId);
    setFollow(opened);
    return () => {
      opened.close();
      setFollow(null);
    };
  }, [realtime, session, slotId]);
  return follow;
}

/** The call that would be given next, for those who follow and hear one. */
export function useFollowedNext(follow: FollowSession | null): Call | null {
  const view = useSyncExternalStore(follow?.subscribe ?? unheard, () => follow?.snapshot() ?? null);
  if (!view?.mode || view.state?.phase !== 'hearing') return null;
  return view.state.next?.call ?? null;
}

const unheard = () => () => undefined;

export function useFollowView(follow: FollowSession): FollowView {
  return useSyncExternalStore(follow.subscribe, follow.snapshot);
}
