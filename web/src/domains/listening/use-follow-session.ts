import { useEffect, useState, useSyncExternalStore } from 'react';
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

export function useFollowView(follow: FollowSession): FollowView {
  return useSyncExternalStore(follow.subscribe, follow.snapshot);
}
