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

/** The newest stream as far as it goes, for whoever places what comes next (`placeNext`). */
export interface StreamHead {
  readonly ssrc: number;
  highSequence: number;
  highTicks: number;
  highArrivalMs: number;
  /** UTC ms of tick 0 of the stream's unwrapped count, and how slow its clock is. */
  readonly baseMs: number;
  readonly slope: number;
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
export interface Run extends Heads {
  readonly packets: number[];
  /** Unwrapped, one per packet. */
  readonly sequences: number[];
  readonly ticks: number[];
}

interface Heads {
  readonly ssrc: number;
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
export function placePackets(
  index: PacketIndex,
  clockRate: number,
): (LegTimeline & { readonly newest: StreamHead }) | undefined {
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
  let newest: StreamHead | undefined;

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
    const { ssrc, highSequence, highTicks, highArrivalMs } = run;
    newest = { ssrc, highSequence, highTicks, highArrivalMs, baseMs: clock.timeAfter(0), slope: clock.slope };
    if (run.packets.length > longest.packets) {
      longest = { packets: run.packets.length, slope: clock.slope };
    }
  }
  return {
    ...{ clockRate, startMs, order, position, missing, length: cursor, holes, lost, runs: runs.length },
    driftPpm: Math.round(longest.slope * 1_000_000),
    newest: newest!,
  };
}

/**
 * UTC ms at which the next packet of a stream begins by the stream's clock; the head moves on with it. `late`: one
 * that was overtaken. Undefined for a packet that does not continue the stream.
 */
export function placeNext(
  head: StreamHead,
  index: PacketIndex,
  packet: number,
  msPerTick: number,
): { atMs: number; late: boolean } | undefined {
  if (index.ssrc[packet] !== head.ssrc) return undefined;
  const step = stepOf(head, index, packet, msPerTick);
  if (!step) return undefined;
  const atMs = head.baseMs + (head.highTicks + step.ticks) * msPerTick * (1 + head.slope);
  advance(head, step, index.arrivalMs[packet]!);
  return { atMs, late: step.steps < 0 };
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
  const step = stepOf(run, index, packet, msPerTick);
  if (!step) return false;
  run.packets.push(packet);
  run.sequences.push(run.highSequence + step.steps);
  run.ticks.push(run.highTicks + step.ticks);
  advance(run, step, index.arrivalMs[packet]!);
  return true;
}

interface Step {
  readonly steps: number;
  readonly ticks: number;
}

/** From a stream's newest packet to this one; undefined where sequence, timestamp and arrival do not go together. */
function stepOf(run: Heads, index: PacketIndex, packet: number, msPerTick: number): Step | undefined {
  const steps = sequenceDistance(index.sequence[packet]!, run.highSequence & 0xffff);
  const ticks = timestampDistance(index.timestamp[packet]!, run.highTicks >>> 0);
  if (steps > 0) {
    if (ticks <= 0) return undefined;
    const sinceMs = index.arrivalMs[packet]! - run.highArrivalMs;
    if (Math.abs(ticks * msPerTick - sinceMs) > jumpMs) return undefined;
  } else if (steps === 0 || steps < -maxReorder || ticks >= 0 || -ticks * msPerTick > 60_000) {
    return undefined;
  }
  return { steps, ticks };
}

function advance(run: Heads, { steps, ticks }: Step, arrivalMs: number): void {
  if (steps <= 0) return;
  run.highSequence += steps;
  run.highTicks += ticks;
  run.highArrivalMs = arrivalMs;
}
