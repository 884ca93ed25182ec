import { sequenceDistance, timestampDistance } from '#kernel/rtp/packet.ts';
import type { PacketIndex } from './packet-index.ts';

/** One leg's packets in playing order, each with its place. */
export interface LegTimeline {
  readonly clockRate: number;
  /** UTC ms of position 0, which is where the first packet begins. */
  readonly startMs: number;
  /** Indices into the packet index, in playing order. */
  readonly order: Uint32Array;
  /** Where `order[i]` begins, ticks of the clock since position 0; never before the one before it has ended. */
  readonly position: Float64Array;
  /** Ticks from position 0 to the end of the last packet. */
  readonly length: number;
  readonly holes: Hole[];
  /** Packets that the sequence numbers say were sent and that never came. */
  readonly lost: number;
  /** Unbroken streams that were joined: 1 plus SSRC changes, timestamp resets and the like. */
  readonly runs: number;
}

/** A span without packets, ticks since position 0. `lost`: the sequence numbers say that there were some. */
export interface Hole {
  readonly from: number;
  readonly to: number;
  readonly lost: boolean;
}

/** How far a stream's own clock and the time of arrival may disagree from one packet to the next, ms. */
const jumpMs = 1_000;
/** Arrivals looked at to find the least delayed packet, ms. */
const anchorMs = 5_000;
/** A change of the least delay by more than this is a change of the source's clock, not of the network, ms. */
const slipMs = 250;
/** Reordering further than this is a new stream. */
const maxReorder = 3_000;

interface Run {
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
 * Places packets by their RTP timestamps, anchored on the arrival of the least delayed packet (RFC 3550 leaves the
 * timestamp's offset random, so only arrival ties it to the clock on the wall). Where the source starts a new
 * stream, resets its timestamps, or stands still without counting on, the arrival times anchor it anew.
 * Undefined when there are no packets.
 */
export function placePackets(index: PacketIndex, clockRate: number): LegTimeline | undefined {
  if (index.count === 0) return undefined;
  const msPerTick = 1_000 / clockRate;
  const runs = findRuns(index, msPerTick);

  const order = new Uint32Array(index.count);
  const position = new Float64Array(index.count);
  const holes: Hole[] = [];
  let startMs = 0;
  let cursor = 0;
  let lost = 0;
  let placed = 0;
  let previousBase: { ssrc: number; baseMs: number } | undefined;

  for (const run of runs) {
    const bases = anchor(index, run, msPerTick);
    const inOrder = run.packets.map((_, i) => i).sort((a, b) => run.sequences[a]! - run.sequences[b]!);
    let lastSequence: number | undefined;
    // A stream that only seemed to jump goes on where its own clock says.
    const snapped =
      previousBase?.ssrc === run.ssrc && Math.abs(bases[0]!.baseMs - previousBase.baseMs) < slipMs;
    if (snapped) bases[0]!.baseMs = previousBase!.baseMs;
    for (const i of inOrder) {
      const packet = run.packets[i]!;
      const baseMs = baseFor(bases, index.arrivalMs[packet]!);
      const atMs = baseMs + run.ticks[i]! * msPerTick;
      if (placed === 0) startMs = atMs;
      const target = Math.round((atMs - startMs) / msPerTick);
      const gone = lastSequence === undefined ? 0 : run.sequences[i]! - lastSequence - 1;
      lost += Math.max(0, gone);
      const at = Math.max(target, cursor);
      if (at > cursor) holes.push({ from: cursor, to: at, lost: gone > 0 });
      order[placed] = packet;
      position[placed] = at;
      placed += 1;
      cursor = at + index.duration[packet]!;
      lastSequence = run.sequences[i]!;
    }
    previousBase = { ssrc: run.ssrc, baseMs: bases.at(-1)!.baseMs };
  }
  return { clockRate, startMs, order, position, length: cursor, holes, lost, runs: runs.length };
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

interface Base {
  readonly fromArrivalMs: number;
  /** UTC ms of the stream's tick 0 by the least delayed packet. */
  baseMs: number;
}

/** The stream's anchor, and later ones where its clock slips against ours for longer than a network delay would. */
function anchor(index: PacketIndex, run: Run, msPerTick: number): Base[] {
  const firstMs = index.arrivalMs[run.packets[0]!]!;
  const bases: Base[] = [];
  let blockStart = firstMs;
  let least = Number.POSITIVE_INFINITY;
  let lastInBlock = firstMs;
  const close = () => {
    const current = bases.at(-1);
    // Few packets say little about the least delay.
    const enough = lastInBlock - blockStart > anchorMs / 4;
    if (!current) bases.push({ fromArrivalMs: Number.NEGATIVE_INFINITY, baseMs: least });
    else if (enough && Math.abs(least - current.baseMs) > slipMs)
      bases.push({ fromArrivalMs: blockStart, baseMs: least });
  };
  for (let i = 0; i < run.packets.length; i++) {
    const arrivalMs = index.arrivalMs[run.packets[i]!]!;
    if (arrivalMs - blockStart >= anchorMs) {
      close();
      blockStart = arrivalMs;
      least = Number.POSITIVE_INFINITY;
    }
    least = Math.min(least, arrivalMs - run.ticks[i]! * msPerTick);
    lastInBlock = arrivalMs;
  }
  close();
  return bases;
}

function baseFor(bases: readonly Base[], arrivalMs: number): number {
  let base = bases[0]!;
  for (const candidate of bases) if (candidate.fromArrivalMs <= arrivalMs) base = candidate;
  return base.baseMs;
}
