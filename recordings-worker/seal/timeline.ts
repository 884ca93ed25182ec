import { sequenceDistance, timestampDistance } from '#kernel/rtp/packet.ts';
import type { PacketIndex } from './packet-index.ts';
import { type RunClock, readClock } from './source-clock.ts';

/** One leg's packets in playing order, each with its place. */
export interface LegTimeline {
  readonly clockRate: number;
  /** UTC ms of position 0, which is where the first packet begins. */
  readonly startMs: number;
  /** Indices into the packet index, in playing order. */
  readonly order: Uint32Array;
  /**
   * Where `order[i]` begins, ticks of a right clock since position 0; fractions where the source's clock is not right.
   * It may begin before the one before it has ended by as little as a fast clock gains in one packet.
   */
  readonly position: Float64Array;
  /** How many packets the sequence numbers say are missing right before `order[i]`. */
  readonly missing: Uint16Array;
  /** Ticks from position 0 to the end of the last packet. */
  readonly length: number;
  readonly holes: Hole[];
  /** Packets that the sequence numbers say were sent and that never came. */
  readonly lost: number;
  /** Unbroken streams that were joined: 1 plus SSRC changes, timestamp resets and the like. */
  readonly runs: number;
  /** How much the source's clock was found to be slow (+) or fast (−), parts per million; of the longest stream. */
  readonly driftPpm: number;
}

/** A span without packets, ticks since position 0. `lost`: the sequence numbers say that there were some, `missing` of them. */
export interface Hole {
  readonly from: number;
  readonly to: number;
  readonly lost: boolean;
  readonly missing: number;
}

/** How far a stream's own clock and the time of arrival may disagree from one packet to the next, ms. */
const jumpMs = 1_000;
/** A stream that begins anew within this of where the old one would be now goes on where the old one was, ms. */
const snapMs = 250;
/** Reordering further than this is a new stream. */
const maxReorder = 3_000;
/** What a packet may lack or have too much by the source's clock, as a share of its length, and rounding, ticks. */
const tolerance = (duration: number): number => 2 + duration * 0.005;

/** One stream: packets in the order of arrival whose sequence and timestamp both make sense. */
export interface Run {
  readonly ssrc: number;
  readonly packets: number[];
  /** Unwrapped, one per packet. */
  readonly sequences: number[];
  readonly ticks: number[];
  highSequence: number;
  highTicks: number;
  highArrivalMs: number;
}

/**
 * Places packets by their RTP timestamps, tied to the clock on the wall by the arrival of the least delayed packets
 * (RFC 3550 leaves the timestamp's offset random), and corrected for a source whose clock runs faster or slower than
 * ours. Where the source starts a new stream, resets its timestamps, or stands still without counting on, the
 * arrival times anchor it anew. Undefined when there are no packets.
 */
export function placePackets(index: PacketIndex, clockRate: number): LegTimeline | undefined {
  if (index.count === 0) return undefined;
  const msPerTick = 1_000 / clockRate;
  const runs = findRuns(index, msPerTick);

  const order = new Uint32Array(index.count);
  const position = new Float64Array(index.count);
  const missing = new Uint16Array(index.count);
  const holes: Hole[] = [];
  let startMs = 0;
  let cursor = 0;
  let lost = 0;
  let placed = 0;
  let before: { ssrc: number; clock: RunClock } | undefined;
  let longest = { packets: 0, slope: 0 };

  for (const run of runs) {
    // A stream that only seemed to jump goes on where its own clock says.
    const earlier = before?.ssrc === run.ssrc ? before.clock : undefined;
    const clock = readClock(index, run, msPerTick, earlier && { clock: earlier, withinMs: snapMs });
    const inOrder = run.packets.map((_, i) => i).sort((a, b) => run.sequences[a]! - run.sequences[b]!);
    let lastSequence: number | undefined;
    for (const i of inOrder) {
      const packet = run.packets[i]!;
      const atMs = clock.timeOf(i);
      if (placed === 0) startMs = atMs;
      const exact = (atMs - startMs) / msPerTick;
      // A right clock counts whole ticks.
      const target = clock.slope === 0 ? Math.round(exact) : exact;
      const gone = lastSequence === undefined ? 0 : Math.max(0, run.sequences[i]! - lastSequence - 1);
      lost += gone;
      const duration = index.duration[packet]!;
      const slack = clock.slope === 0 || placed === 0 ? 0 : tolerance(duration);
      const at = target < cursor - slack ? cursor : target;
      if (at > cursor + slack) holes.push({ from: cursor, to: at, lost: gone > 0, missing: gone });
      order[placed] = packet;
      position[placed] = at;
      missing[placed] = Math.min(0xffff, gone);
      placed += 1;
      cursor = at + duration;
      lastSequence = run.sequences[i]!;
    }
    before = { ssrc: run.ssrc, clock };
    if (run.packets.length > longest.packets) {
      longest = { packets: run.packets.length, slope: clock.slope };
    }
  }
  return {
    ...{ clockRate, startMs, order, position, missing, length: cursor, holes, lost, runs: runs.length },
    driftPpm: Math.round(longest.slope * 1_000_000),
  };
}

/** Cuts the packets, in the order in which they came, into streams whose sequence and timestamp both make sense. */
function findRuns(index: PacketIndex, msPerTick: number): Run[] {
  const runs: Run[] = [];
  const recent = new Map<number, Run[]>();
  for (let packet = 0; packet < index.count; packet++) {
    const ssrc = index.ssrc[packet]!;
    const candidates = recent.get(ssrc) ?? [];
    const run = candidates.find((candidate) => joins(candidate, index, packet, msPerTick));
    if (run) continue;
    const sequence = index.sequence[packet]!;
    const ticks = index.timestamp[packet]!;
    const fresh: Run = {
      ssrc,
      packets: [packet],
      sequences: [sequence],
      ticks: [ticks],
      highSequence: sequence,
      highTicks: ticks,
      highArrivalMs: index.arrivalMs[packet]!,
    };
    runs.push(fresh);
    // The stream before it, too: a packet that was overtaken by the change still belongs there.
    recent.set(ssrc, [fresh, ...candidates.slice(0, 1)]);
  }
  return runs;
}

/** Appends the packet to the run if it continues it, or fills a place in its recent past. */
function joins(run: Run, index: PacketIndex, packet: number, msPerTick: number): boolean {
  const steps = sequenceDistance(index.sequence[packet]!, run.highSequence & 0xffff);
  const ticks = timestampDistance(index.timestamp[packet]!, run.highTicks >>> 0);
  const arrivalMs = index.arrivalMs[packet]!;
  if (steps > 0) {
    if (ticks <= 0) return false;
    if (Math.abs(ticks * msPerTick - (arrivalMs - run.highArrivalMs)) > jumpMs) return false;
  } else if (steps === 0 || steps < -maxReorder || ticks >= 0 || -ticks * msPerTick > 60_000) {
    return false;
  }
  run.packets.push(packet);
  run.sequences.push(run.highSequence + steps);
  run.ticks.push(run.highTicks + ticks);
  if (steps > 0) {
    run.highSequence += steps;
    run.highTicks += ticks;
    run.highArrivalMs = arrivalMs;
  }
  return true;
}
