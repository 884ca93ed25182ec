import { useEffect, useEffectEvent, useRef } from 'react';
import { bookmarkRequests } from '#contract/bookmarks.ts';
import type { Realtime } from '#web/app/realtime.ts';
import { useRealtime } from '#web/app/realtime-context.tsx';
import { noteServerTime } from '#web/app/server-clock.ts';
import type { ListeningSession } from '../listening/listening-session.ts';
import type { ListeningState } from '../listening/listening-state.ts';
import { heardOffset } from './heard-moment.ts';

const clockEveryMs = 60_000;
const firstAsks = 4;
const firstAsksApartMs = 250;

/** Keeps this machine's idea of the server's clock to within milliseconds, while the page needs it. */
function useServerClock(): void {
  const realtime = useRealtime();
  useEffect(() => (realtime ? followClock(realtime) : undefined), [realtime]);
}

function followClock(realtime: Realtime): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let asked = 0;
  let stopped = false;
  const ask = async () => {
    if (realtime.connection === 'connected') {
      const askedAt = Date.now();
      try {
        const { now } = await realtime.request(bookmarkRequests.clock, {});
        noteServerTime(now, askedAt, Date.now());
        asked += 1;
      } catch {
        // Asked again in a moment.
      }
    }
    if (!stopped) timer = setTimeout(() => void ask(), asked < firstAsks ? firstAsksApartMs : clockEveryMs);
  };
  void ask();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** What is heard, to be asked at a key press. While the line is broken: what was heard last. */
export function useHeardOffset(session: ListeningSession, state: ListeningState): () => number | null {
  useServerClock();
  const last = useRef<{ callId: string; offsetMs: number } | null>(null);
  const callId = state.call?.id ?? null;
  const broken = state.phase === 'recovering' && !state.shift;
  const remember = useEffectEvent(() => {
    const offsetMs = heardOffset(session, state);
    if (callId !== null && offsetMs !== null) last.current = { callId, offsetMs };
  });
  useEffect(() => {
    if (broken) remember();
  }, [broken]);
  return () => {
    if (state.phase !== 'live' && state.phase !== 'recovering' && state.phase !== 'ended' && !state.shift)
      return null;
    if (broken && last.current?.callId === callId) return last.current.offsetMs;
    return heardOffset(session, state);
  };
}
