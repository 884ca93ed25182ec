import { timeShiftRequests } from '#contract/time-shift.ts';
import type { Realtime } from '#web/app/realtime.ts';
import type { CallWaveform } from './call-waveform.ts';

/** Who hears the call live looks at the voices rather than at the picture of what was said. Milliseconds. */
const everyMs = { live: 2_000, shifted: 1_000 } as const;
const afterTroubleMs = 3_000;
/** Nothing to ask about yet, or more to come at once. Milliseconds. */
const soonMs = 200;

/** Keeps a waveform as long as the call is, while somebody looks. Answers a function that stops it. */
export function pollWaveform(
  waveform: CallWaveform,
  source: {
    readonly request: Realtime['request'];
    listeningId(): string | null;
    isLive(): boolean;
    onEdge(edgeMs: number): void;
  },
): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let stopped = false;
  const ask = async (): Promise<number> => {
    const listeningId = source.listeningId();
    if (!listeningId) return soonMs;
    const every = source.isLive() ? everyMs.live : everyMs.shifted;
    if (globalThis.document?.hidden) return every;
    try {
      const fromMs = waveform.wantsFromMs;
      const answer = await source.request(timeShiftRequests.waveform, { listeningId, fromMs });
      if (!stopped) {
        waveform.add(answer);
        source.onEdge(answer.edgeMs);
      }
      return answer.edgeMs - waveform.knownMs > 2 * everyMs.live ? soonMs : every;
    } catch {
      // Without it the room is as useful; it is asked for again.
      return afterTroubleMs;
    }
  };
  const turn = async () => {
    const again = await ask();
    if (!stopped) timer = setTimeout(() => void turn(), again);
  };
  timer = setTimeout(() => void turn(), soonMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
