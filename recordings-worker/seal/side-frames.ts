import { writeOpus } from './opus-packet.ts';
import { UnitReader } from './opus-units.ts';
import type { CopiedLeg } from './side-plan.ts';

/** What a slot of one side plays. */
const nothing = -1;
const concealed = -2;

/**
 * Three bytes of CELT that decode to silence (RFC 6716 §4.3: the silence flag is the first thing that is read), at
 * full bandwidth and 20 ms. A decoder fades into it from whatever came before.
 */
const silentFrame = Buffer.from([0xff, 0xfe]);
const celtToc = 0xf8;
export const silence = {
  plain: writeOpus(celtToc, [silentFrame], false),
  delimited: writeOpus(celtToc, [silentFrame], true),
};
/** No frame at all: the decoder makes one up from what came before (RFC 6716 §4.4). */
const absent = {
  plain: writeOpus(celtToc, [Buffer.alloc(0)], false),
  delimited: writeOpus(celtToc, [Buffer.alloc(0)], true),
};

/** The packets of one side, slot by slot: of the legs that are copied, of the encoder where there is one, silence. */
export class SideFrames {
  readonly #legs: readonly CopiedLeg[];
  readonly #readers: readonly UnitReader[];
  /** Leg × 2³² + unit, or what else is there. */
  readonly #slots: Float64Array;

  constructor(legs: readonly CopiedLeg[], slots: number) {
    this.#legs = legs;
    this.#readers = legs.map(({ placed, units }) => new UnitReader(placed.index, units));
    this.#slots = new Float64Array(slots).fill(nothing);
    for (const leg of legs.keys()) this.#lay(leg);
  }

  /** False when nothing is copied. */
  get any(): boolean {
    return this.#legs.length > 0;
  }

  /** The packet of a slot; `encoded` is what the encoder made of it, if anything is mixed on this side. */
  packet(slot: number, delimited: boolean, encoded: Buffer | undefined): Buffer {
    const held = this.#slots[slot]!;
    if (held >= 0) {
      const leg = Math.floor(held / 2 ** 32);
      return this.#readers[leg]!.packet(held % 2 ** 32, delimited);
    }
    const form = delimited ? 'delimited' : 'plain';
    if (held === concealed) return absent[form];
    if (!encoded) return silence[form];
    return delimited ? writeOpus(encoded[0]! & 0xfc, [encoded.subarray(1)], true) : encoded;
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
  }

  #lay(leg: number): void {
    const { units, at } = this.#legs[leg]!;
    let last = nothing;
    for (let i = 0; i < units.count; i++) {
      const slot = at.slots[i]!;
      // A packet without a frame (DTX) stays silence: not every decoder makes something sensible of it.
      if (slot < 0 || units.size[i] === 0) continue;
      this.#slots[slot] = leg * 2 ** 32 + i;
      // One frame lost between two that came, or one put in against drift: a decoder bridges that best.
      const bridge = units.lostBefore[i] === 1 || at.stretched[i] === 1;
      if (bridge && last >= 0 && slot - last === 2 && this.#slots[slot - 1] === nothing) {
        this.#slots[slot - 1] = concealed;
      }
      last = slot;
    }
  }
}
