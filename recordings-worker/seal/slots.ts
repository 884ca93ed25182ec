import type { OpusUnits } from './opus-units.ts';
import { leadSlots, slotTicks } from './webm.ts';

/**
 * Nearly every sender is libopus, which looks 6.5 ms ahead: what a packet sounds like is so much older than its
 * timestamp says. Ticks of 48 kHz.
 */
const senderLookahead = 312;
/** From here on a stream is looked at for a quiet moment to move it by a frame, slots. */
const restless = 0.55;
/** And here it is moved wherever it is: 13 ms. Less than 0.5 would move it back at once. */
const unbearable = 0.65;

/** One leg's units and the slot of each; −1 for a frame that is left out because the source's clock is too fast. */
export interface PlacedUnits {
  readonly slots: Int32Array;
  /** 1 where the slot before is empty because the source's clock is too slow. */
  readonly stretched: Uint8Array;
}

/**
 * Gives each unit its slot of 20 ms. Within a stream slots follow each other; a gap lets the stream fall into the
 * slot that is nearest. Where the source's clock drifts, the distance grows until a frame is left out or an empty
 * one put in, at the quietest place near by. No unit is off by more than 13 ms, unless what comes before it on its
 * side leaves no room.
 * `offset`: ticks of 48 kHz from the recording's start to the leg's position 0; `first`: the first slot it may take.
 */
export function placeUnits(units: OpusUnits, offset: number, first = leadSlots): PlacedUnits {
  const slots = new Int32Array(units.count);
  const stretched = new Uint8Array(units.count);
  const wanted = (i: number) => leadSlots + (offset + units.position[i]! - senderLookahead) / slotTicks;
  const follows = (i: number) =>
    i > 0 && units.position[i]! - units.position[i - 1]! < slotTicks * 1.5 && units.lostBefore[i] === 0;
  let cursor = first;
  let moveAt = -1;
  // How far the stream is off for want of room, until its next gap.
  let pushed = 0;
  for (let i = 0; i < units.count; i++) {
    if (!follows(i)) {
      const nearest = Math.round(wanted(i));
      slots[i] = Math.max(cursor, nearest);
      pushed = slots[i]! - nearest;
      cursor = slots[i]! + 1;
      moveAt = -1;
      continue;
    }
    const late = cursor - pushed - wanted(i);
    if (moveAt < i && Math.abs(late) > restless) {
      moveAt = quietest(units, i, cursor - pushed, wanted, follows);
    }
    if (i === moveAt && late > restless) {
      slots[i] = -1;
      continue;
    }
    if (i === moveAt && late < -restless) {
      stretched[i] = 1;
      cursor += 1;
    }
    slots[i] = cursor;
    cursor += 1;
  }
  return { slots, stretched };
}

/** The quietest of the units from `from` on until the stream is off by too much, by the size of their packets. */
function quietest(
  units: OpusUnits,
  from: number,
  cursor: number,
  wanted: (i: number) => number,
  follows: (i: number) => boolean,
): number {
  let best = from;
  let least = Number.POSITIVE_INFINITY;
  for (let i = from; i < units.count && (i === from || follows(i)); i++) {
    const off = Math.abs(cursor + (i - from) - wanted(i));
    if (i > from && off > unbearable) break;
    const size = units.size[i]! + units.size[i - 1]!;
    if (size < least) {
      least = size;
      best = i;
    }
  }
  return best;
}
