import type { FollowedPause } from '#contract/spool-follow.ts';
import { shiftHeaderBytes, waveformStepMs } from '#contract/time-shift.ts';

/** Not shared memory: may go out over a socket. */
export type Bytes = Buffer<ArrayBuffer>;

/** Offsets in a call, ms; `toMs` may be Infinity. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** No packet is longer (RFC 6716 §2.1.4), ms: one that begins so much before a limit does not reach beyond it. */
export const longestPacketMs = 120;

/** What a listener may be given: nothing at or behind `untilMs`, nothing that lies in a mask. */
export interface Limits {
  readonly untilMs: number;
  readonly masks: readonly Stretch[];
}

export const noLimits: Limits = { untilMs: Number.POSITIVE_INFINITY, masks: [] };

/**
 * The limits of somebody who hears `delayMs` behind. A pause of the call also takes away what was said just before it
 * was asked for, `reachBackMs`: whoever presses the button does so when the number is being said already. That is what
 * the delay is for, so it reaches back no further than the delay.
 * `nowMs`: offset in the call by the clock that stamps its packets.
 */
export function delayedLimits(input: {
  readonly nowMs: number;
  readonly delayMs: number;
  readonly reachBackMs: number;
  readonly pauses: readonly FollowedPause[];
}): Limits {
  const { nowMs, delayMs, reachBackMs, pauses } = input;
  return {
    untilMs: Math.max(0, Math.floor(nowMs - delayMs - longestPacketMs)),
    masks: pauses.map(({ fromMs, toMs }) => ({
      fromMs: fromMs - reachBackMs,
      toMs: toMs ?? Number.POSITIVE_INFINITY,
    })),
  };
}

const touches = (masks: readonly Stretch[], fromMs: number, toMs: number): boolean =>
  masks.some((mask) => mask.fromMs < toMs && mask.toMs > fromMs);

/** Of `bytes` (packets as in `listening:audio`) those that lie within [fromMs, toMs) and within the limits. */
export function withinLimits(bytes: Bytes, { fromMs, toMs }: Stretch, limits: Limits): Bytes {
  const kept: Bytes[] = [];
  let whole = true;
  for (let at = 0; at < bytes.length; ) {
    const atMs = bytes.readUInt32BE(at + 2) / 10;
    const end = at + shiftHeaderBytes + bytes.readUInt16BE(at + 6);
    const fits =
      atMs >= fromMs &&
      atMs < Math.min(toMs, limits.untilMs) &&
      !touches(limits.masks, atMs, atMs + longestPacketMs);
    if (fits) kept.push(bytes.subarray(at, end));
    else whole = false;
    at = end;
  }
  return whole ? bytes : Buffer.concat(kept);
}

/** Of a waveform that begins at `fromMs`, the whole steps within the limits; masked ones are silent. */
export function waveformWithin(levels: Bytes, fromMs: number, limits: Limits): Bytes {
  const steps = Math.max(0, Math.min(levels.length, Math.floor((limits.untilMs - fromMs) / waveformStepMs)));
  const kept = Buffer.from(levels.subarray(0, steps));
  for (let step = 0; step < steps; step++) {
    const at = fromMs + step * waveformStepMs;
    // A packet that began in the mask before is counted whole where it began.
    if (touches(limits.masks, at, at + waveformStepMs + longestPacketMs)) kept[step] = 0;
  }
  return kept;
}

/** The pauses as a listener with these limits may know of them. */
export function pausesWithin(pauses: readonly FollowedPause[], limits: Limits): FollowedPause[] {
  if (limits === noLimits) return [...pauses];
  return limits.masks
    .map(({ fromMs, toMs }) => ({
      fromMs: Math.max(0, fromMs),
      toMs: toMs <= limits.untilMs ? toMs : null,
    }))
    .filter(({ fromMs }) => fromMs < limits.untilMs);
}

/** Two accounts of a pause say when it began within this of each other, ms; two pauses are further apart. */
const sameMs = 1_000;

/**
 * Pauses as several sources tell of them. Of one that more than one knows, the whole; but an end that anybody knows is
 * an end: a spool whose recorder died in a pause never learns of it.
 */
export function allPauses(...sources: readonly (readonly FollowedPause[])[]): FollowedPause[] {
  let joined: FollowedPause[] = [];
  for (const source of sources) {
    const known = [...joined];
    const added = source.map((pause) => {
      const near = ({ fromMs }: FollowedPause) => Math.abs(fromMs - pause.fromMs);
      const same = known.filter((one) => near(one) < sameMs).sort((a, b) => near(a) - near(b))[0];
      if (!same) return pause;
      // Told apart by one source, two pauses are two.
      known.splice(known.indexOf(same), 1);
      return {
        fromMs: Math.min(same.fromMs, pause.fromMs),
        toMs:
          same.toMs === null || pause.toMs === null
            ? (same.toMs ?? pause.toMs)
            : Math.max(same.toMs, pause.toMs),
      };
    });
    joined = [...known, ...added];
  }
  return joined.sort((a, b) => a.fromMs - b.fromMs);
}

/** Which parts of a call were handed out to one listener: each counts once. */
export class HandedOut {
  #parts: { from: number; to: number }[] = [];

  /** How much of it is new, ms. */
  add(from: number, to: number): number {
    if (to <= from) return 0;
    let fresh = to - from;
    const joined = { from, to };
    const others: { from: number; to: number }[] = [];
    for (const part of this.#parts) {
      fresh -= Math.max(0, Math.min(part.to, to) - Math.max(part.from, from));
      if (part.to < from || part.from > to) others.push(part);
      else {
        joined.from = Math.min(joined.from, part.from);
        joined.to = Math.max(joined.to, part.to);
      }
    }
    this.#parts = [...others, joined];
    return Math.max(0, fresh);
  }
}
