import { expect } from 'chai';
import type { OpusUnits } from '#worker/seal/opus-units.ts';
import { placeUnits } from '#worker/seal/slots.ts';

const ms = 48;
/** What a libopus sender looks ahead: a packet sounds like what was said so much earlier, ticks. */
const lookahead = 312;

/** Units at these places, ticks of 48 kHz; `size` tells how loud the i-th one is, bytes. */
function unitsAt(
  places: readonly number[],
  size: (i: number) => number,
  lost: readonly number[] = [],
): OpusUnits {
  const count = places.length;
  return {
    count,
    position: Float64Array.from(places),
    size: Uint16Array.from(places, (_, i) => size(i)),
    lostBefore: Uint8Array.from(places, (_, i) => (lost.includes(i) ? 1 : 0)),
    packet: Uint32Array.from(places, (_, i) => i),
    frame: new Uint8Array(count),
    second: Uint32Array.from(places, (_, i) => i),
    frames: new Uint8Array(count).fill(1),
  };
}

/** Where a unit's sound is heard, ms: the file's first slot is not played. */
const heardAt = (slot: number) => (slot - 1) * 20 + lookahead / ms;
describe('the slots of an Opus leg', () => {
  it('are taken one after the other by a stream whose clock is right, wherever it begins', () => {
    for (const offset of [0, 3, 9.9, 13.2, 19.99].map((late) => late * ms)) {
      const places = Array.from({ length: 5_000 }, (_, i) => i * 960);
      const { slots, stretched } = placeUnits(
        unitsAt(places, () => 80),
        offset,
      );
      expect(Array.from(slots)).to.deep.equal(places.map((_, i) => slots[0]! + i));
      expect(stretched.some((one) => one === 1)).to.be.false;
      expect(Math.abs(heardAt(slots[0]!) - offset / ms)).to.be.at.most(10);
    }
  });

  for (const ppm of [200, -200]) {
    it(`stay within 13 ms of their places for an hour, and change where it is quiet (${ppm} ppm)`, () => {
      const places = Array.from({ length: 180_000 }, (_, i) => i * 960 * (1 + ppm / 1_000_000));
      // Half a second of speech, half a second of next to nothing.
      const quiet = (i: number) => i % 50 >= 25;
      const units = unitsAt(places, (i) => (quiet(i) ? 8 : 90));
      const { slots, stretched } = placeUnits(units, 0);
      const changes: number[] = [];
      let last = -1;
      let worst = 0;
      let backwards = 0;
      for (let i = 0; i < units.count; i++) {
        const slot = slots[i]!;
        if (slot < 0 || stretched[i] === 1) changes.push(i);
        if (slot < 0) continue;
        if (slot <= last) backwards += 1;
        last = slot;
        worst = Math.max(worst, Math.abs(heardAt(slot) - units.position[i]! / ms));
      }
      expect(worst).to.be.at.most(13.01);
      expect(backwards).to.equal(0);
      expect(changes.filter((i) => !quiet(i))).to.deep.equal([]);
      // 720 ms of drift.
      expect(changes.length).to.be.within(35, 37);
    });
  }

  it('fall into place anew behind a gap', () => {
    const first = Array.from({ length: 50 }, (_, i) => i * 960);
    const second = Array.from({ length: 50 }, (_, i) => 3_013 * ms + i * 960);
    const { slots } = placeUnits(
      unitsAt([...first, ...second], () => 80),
      0,
    );
    expect(slots[49]).to.equal(50);
    expect(Math.abs(heardAt(slots[50]!) - 3_013)).to.be.at.most(10);
    expect(slots[99]! - slots[50]!).to.equal(49);
  });

  it('begin where there is room, and lose nothing for want of it', () => {
    const places = Array.from({ length: 500 }, (_, i) => i * 960);
    const { slots } = placeUnits(
      unitsAt(places, () => 80),
      0,
      4,
    );
    expect(Array.from(slots)).to.deep.equal(places.map((_, i) => 4 + i));
  });
});
