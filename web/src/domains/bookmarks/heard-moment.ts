import { serverNow } from '#web/app/server-clock.ts';
import type { ListeningSession } from '../listening/listening-session.ts';
import type { ListeningState } from '../listening/listening-state.ts';

/**
 * How long ago a sound that is heard now reached the server, ms: half a round trip on the way, what it waited in the
 * jitter buffer (webrtc-stats jitterBufferDelay ÷ jitterBufferEmittedCount, over the last seconds), and what the
 * machine's own output takes (AudioContext.outputLatency, where the browser tells it).
 */
export function earLagMs(
  line: ListeningState['line'],
  output: { readonly baseLatency?: number; readonly outputLatency?: number } | null,
): number {
  const way = (line?.roundTripMs ?? 0) / 2;
  const device = ((output?.baseLatency || 0) + (output?.outputLatency || 0)) * 1_000;
  // Bluetooth headsets tell up to some 300 ms; what is beyond is no latency.
  return way + (line?.bufferMs ?? 0) + Math.min(500, device);
}

/** The offset in the call that is heard now: the playhead of a shifted listener, else live less {@link earLagMs}. */
export function heardOffset(
  session: Pick<ListeningSession, 'shift' | 'mixer'>,
  { call, line, shift }: ListeningState,
): number | null {
  if (!call?.startedAt) return null;
  const endMs = call.endedAt === null ? null : call.endedAt - call.startedAt;
  const bounded = (ms: number) => Math.max(0, endMs === null ? ms : Math.min(ms, endMs));
  if (shift) return bounded(session.shift.heardMs() ?? shift.playheadMs);
  return bounded(serverNow() - call.startedAt - earLagMs(line, session.mixer.context));
}
