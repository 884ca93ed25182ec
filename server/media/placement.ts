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
  /** A listener's worker that is fuller than this share of its limits may have the call piped to an emptier one. */
  spreadFrom: 0.35,
  /** By so much of the limits the other one must be emptier: a pipe costs both of them a stream per leg. */
  spreadGain: 0.15,
} as const;
export type PlacementLimits = { readonly [K in keyof typeof placementLimits]: number };

/** The limits of a worker that is given so many streams; a new call is refused somewhat before another listener is. */
export function limitsFor(streamsForListeners: number): PlacementLimits {
  const share = placementLimits.streamsForCalls / placementLimits.streamsForListeners;
  const streamsForCalls = Math.round(streamsForListeners * share);
  return { ...placementLimits, streamsForListeners, streamsForCalls };
}

/**
 * The worker for a new call: of those below the limits the one with the least to do, measured by the larger of its two
 * ratios to the limit (streams, CPU); among equals the one with fewer calls, then the lower index.
 * Undefined when there is none with room.
 */
export function placeCall(
  loads: readonly HostLoad[],
  limits: PlacementLimits = placementLimits,
): HostLoad | undefined {
  let best: HostLoad | undefined;
  for (const load of loads) {
    if (load.streams >= limits.streamsForCalls) continue;
    if (load.cpuPercent >= limits.cpuPercentForCalls) continue;
    if (best === undefined || compare(load, best, limits) < 0) best = load;
  }
  return best;
}

/** Whether one more listener with `streams` streams fits on this worker. */
export function hasRoomForListener(
  load: HostLoad,
  streams: number,
  limits: PlacementLimits = placementLimits,
): boolean {
  return (
    load.streams + streams <= limits.streamsForListeners && load.cpuPercent < limits.cpuPercentForListeners
  );
}

/**
 * The worker for one more listener of a call with `streams` legs that can be heard on the workers `heardOn` now, its
 * home first. The emptiest of these as long as it is far from its limits; then the emptiest of the others, if that is
 * worth a pipe, or if none of these has room. Undefined when nowhere is room.
 */
export function placeListener(
  loads: readonly HostLoad[],
  heardOn: readonly number[],
  streams: number,
  limits: PlacementLimits = placementLimits,
): HostLoad | undefined {
  const own = leastFull(
    loads.filter(({ index }) => heardOn.includes(index)),
    streams,
    limits,
    heardOn[0],
  );
  if (own && listenerFullness(own, limits) <= limits.spreadFrom) return own;
  const home = loads.find(({ index }) => index === heardOn[0]);
  // Home sends each leg once more for a further worker, and must not be brought down by that.
  if (!home || home.cpuPercent >= limits.cpuPercentForListeners) return own;
  const other = leastFull(
    loads.filter(({ index }) => !heardOn.includes(index)),
    // The legs come in once before they go out.
    streams * 2,
    limits,
  );
  if (!other) return own;
  if (!own) return other;
  return listenerFullness(own, limits) - listenerFullness(other, limits) >= limits.spreadGain ? other : own;
}

function leastFull(
  loads: readonly HostLoad[],
  streams: number,
  limits: PlacementLimits,
  preferred?: number,
): HostLoad | undefined {
  let best: HostLoad | undefined;
  for (const load of loads) {
    if (!hasRoomForListener(load, streams, limits)) continue;
    const difference =
      best === undefined ? -1 : listenerFullness(load, limits) - listenerFullness(best, limits);
    const closeCall = Math.abs(difference) <= noise && best !== undefined;
    if (closeCall ? load.index === preferred : difference < 0) best = load;
  }
  return best;
}

const listenerFullness = (load: HostLoad, limits: PlacementLimits): number =>
  Math.max(load.streams / limits.streamsForListeners, load.cpuPercent / limits.cpuPercentForListeners);

function fullness(load: HostLoad, limits: PlacementLimits): number {
  return Math.max(load.streams / limits.streamsForCalls, load.cpuPercent / limits.cpuPercentForCalls);
}

// CPU is measured every second and jitters: differences below two percent of the limit are no difference.
const noise = 0.02;

function compare(a: HostLoad, b: HostLoad, limits: PlacementLimits): number {
  const difference = fullness(a, limits) - fullness(b, limits);
  if (Math.abs(difference) > noise) return difference;
  return a.calls - b.calls || a.streams - b.streams || a.index - b.index;
}
