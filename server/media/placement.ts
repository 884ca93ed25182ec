/** One living SFU worker as placement sees it. */
export interface HostLoad {
  /** The worker's place in the pool, stable over respawns. */
  readonly index: number;
  readonly calls: number;
  /** Audio streams it receives and sends at this moment, each 50 packets a second. */
  readonly streams: number;
  /** Of one core, measured over the last seconds. */
  readonly cpuPercent: number;
}

/**
 * One worker carries 1,000 streams well (p99 of forwarding 7 ms), reaches its limit at 1,400 and collapses at 1,600:
 * a new call is refused before that point, and an ongoing one may still gain listeners up to the second limit.
 */
export const placementLimits = {
  streamsForCalls: 900,
  streamsForListeners: 1_100,
  cpuPercentForCalls: 80,
  cpuPercentForListeners: 92,
} as const;

/**
 * The worker for a new call: of those below the limits the one with the least to do, measured by the larger of its two
 * ratios to the limit (streams, CPU); among equals the one with fewer calls, then the lower index.
 * Undefined when there is none with room.
 */
export function placeCall(loads: readonly HostLoad[]): HostLoad | undefined {
  let best: HostLoad | undefined;
  for (const load of loads) {
    if (load.streams >= placementLimits.streamsForCalls) continue;
    if (load.cpuPercent >= placementLimits.cpuPercentForCalls) continue;
    if (best === undefined || compare(load, best) < 0) best = load;
  }
  return best;
}

/** Whether one more listener with `streams` streams fits where the call is. */
export function hasRoomForListener(load: HostLoad, streams: number): boolean {
  return (
    load.streams + streams <= placementLimits.streamsForListeners &&
    load.cpuPercent < placementLimits.cpuPercentForListeners
  );
}

function fullness(load: HostLoad): number {
  return Math.max(
    load.streams / placementLimits.streamsForCalls,
    load.cpuPercent / placementLimits.cpuPercentForCalls,
  );
}

// CPU is measured every second and jitters: differences below two percent of the limit are no difference.
const noise = 0.02;

function compare(a: HostLoad, b: HostLoad): number {
  const difference = fullness(a) - fullness(b);
  if (Math.abs(difference) > noise) return difference;
  return a.calls - b.calls || a.streams - b.streams || a.index - b.index;
}
