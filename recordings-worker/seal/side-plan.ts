import type { LegRole } from '#contract/primitives.ts';
import { type OpusUnits, unitsOf } from './opus-units.ts';
import type { SpooledLeg } from './read-spool.ts';
import { type PlacedUnits, placeUnits } from './slots.ts';
import type { LegTimeline } from './timeline.ts';
import { leadSlots, slotsFor, slotTicks } from './webm.ts';

export type Side = 'left' | 'right';

/** The company's voices, agents and bots, are on the left, customers on the right. */
export const sideOf = (role: LegRole): Side => (role === 'customer' ? 'right' : 'left');

export interface PlacedLeg extends SpooledLeg {
  readonly timeline: LegTimeline;
}

/** An Opus leg whose packets go into the file as they are. */
export interface CopiedLeg {
  readonly placed: PlacedLeg;
  readonly units: OpusUnits;
  readonly at: PlacedUnits;
}

/** How one side of the file is made. */
export interface SidePlan {
  readonly copied: readonly CopiedLeg[];
  /** Legs that are decoded, mixed and encoded: G.711, what cannot be cut into 20 ms, voices that overlap. */
  readonly mixed: readonly PlacedLeg[];
}

const nobody = -1;
/** Legs that follow each other share at most the slot in which one ends and the other begins. */
const sharedAtMost = 1;

/** Ticks of 48 kHz from the recording's start to the leg's position 0. */
export const offsetOf = (timeline: LegTimeline, startMs: number): number => (timeline.startMs - startMs) * 48;

/** Ticks of 48 kHz from the recording's start to the leg's end. */
const endOf = (timeline: LegTimeline, startMs: number): number =>
  offsetOf(timeline, startMs) + (timeline.length * 48_000) / timeline.clockRate;

/**
 * Packets of Opus legs are copied wherever nothing else is to be heard on their side at the same time.
 * `startMs`: UTC ms of the recording's start.
 */
export function planSide(legs: readonly PlacedLeg[], startMs: number): SidePlan {
  const inTurn = [...legs].sort((a, b) => a.timeline.startMs - b.timeline.startMs);
  const ends = inTurn.map(({ timeline }) => endOf(timeline, startMs));
  // A leg that leaves no room pushes the next one back a little.
  const owners = new Int16Array(slotsFor(Math.max(0, ...ends)) + inTurn.length + 1).fill(nobody);
  const copies = new Set<number>();
  const shared = new Map<number, number>();
  const clashing = new Set<number>();
  const claim = (slot: number, leg: number) => {
    const owner = owners[slot] ?? nobody;
    if (owner === nobody) owners[slot] = leg;
    if (owner === nobody || owner === leg) return;
    const pair = owner * 256 + leg;
    const count = (shared.get(pair) ?? 0) + 1;
    shared.set(pair, count);
    // Of two packets for one slot only one could be copied.
    if (count > sharedAtMost || (copies.has(owner) && copies.has(leg))) clashing.add(owner).add(leg);
  };
  const candidates = inTurn.map((placed, leg): CopiedLeg | undefined => {
    const { timeline, index } = placed;
    const offset = offsetOf(timeline, startMs);
    const units = placed.leg.codec === 'opus' ? unitsOf(index, timeline) : undefined;
    if (!units) {
      for (const slot of slotsOf(placed, offset)) claim(slot, leg);
      return undefined;
    }
    let at = placeUnits(units, offset);
    const first = at.slots[0]!;
    // Two streams that follow each other within one slot: the second one begins in the next.
    if (copies.has(owners[first] ?? nobody)) at = placeUnits(units, offset, first + 1);
    copies.add(leg);
    for (const slot of at.slots) if (slot >= 0) claim(slot, leg);
    return { placed, units, at };
  });
  const copied = candidates.filter((leg, i): leg is CopiedLeg => leg !== undefined && !clashing.has(i));
  const copiedLegs = new Set(copied.map(({ placed }) => placed));
  return { copied, mixed: legs.filter((leg) => !copiedLegs.has(leg)) };
}

/** The slots in which a leg of any codec has packets. */
function* slotsOf({ timeline, index }: PlacedLeg, offset: number): Generator<number> {
  const perTick = 48_000 / timeline.clockRate;
  let last = -1;
  for (let i = 0; i < timeline.order.length; i++) {
    const from = offset + timeline.position[i]! * perTick;
    const to = from + index.duration[timeline.order[i]!]! * perTick;
    const until = leadSlots + Math.ceil(to / slotTicks) - 1;
    for (let slot = Math.max(last + 1, leadSlots + Math.floor(from / slotTicks)); slot <= until; slot++) {
      yield slot;
      last = slot;
    }
  }
}

/** Ticks of 48 kHz that the recording has at least, so that nothing of any leg is cut off. */
export function lengthOf(plans: readonly SidePlan[], startMs: number): number {
  let ticks = 0;
  for (const { copied, mixed } of plans) {
    for (const { timeline } of [...mixed, ...copied.map(({ placed }) => placed)]) {
      ticks = Math.max(ticks, Math.round(endOf(timeline, startMs)));
    }
    for (const { at } of copied) {
      const last = at.slots.findLast((slot) => slot >= 0) ?? leadSlots;
      ticks = Math.max(ticks, (last + 1 - leadSlots) * slotTicks);
    }
  }
  return ticks;
}
