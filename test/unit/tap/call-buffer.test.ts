import { expect } from 'chai';
import { FrameReader, parseTapMessage, type TapMessage } from '#kernel/rtp/tap-protocol.ts';
import { type BufferCursor, CallBuffer } from '#media/tap/call-buffer.ts';

const rtp = Buffer.alloc(172, 0x55);

function drain(buffer: CallBuffer, cursor: BufferCursor): TapMessage[] {
  const reader = new FrameReader(10_000);
  const items: TapMessage[] = [];
  for (let bytes = buffer.read(cursor); bytes; bytes = buffer.read(cursor)) {
    reader.push(bytes, (body) => items.push(parseTapMessage(body)));
  }
  return items;
}

const sequences = (items: TapMessage[]) => items.map((item) => ('sequence' in item ? item.sequence : -1));
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

function filled(packets: number, limits = { bufferMs: 1e9, maxBytes: 1e9 }) {
  const held = { bytes: 0 };
  const buffer = new CallBuffer(limits, (delta) => {
    held.bytes += delta;
  });
  for (let i = 0; i < packets; i++) buffer.appendPacket(0, i * 20, rtp);
  return { buffer, held };
}

describe("a call's buffer at the tap", () => {
  it('gives every item in order, and later ones to the same cursor', () => {
    const { buffer } = filled(1000);
    const cursor = buffer.open();
    expect(sequences(drain(buffer, cursor))).to.deep.equal(upTo(1, 1000));
    buffer.appendControl({ kind: 'hold', index: 0, on: true, atMs: 5 });
    buffer.appendPacket(0, 20_000, rtp);
    expect(sequences(drain(buffer, cursor))).to.deep.equal([1001, 1002]);
    expect(drain(buffer, cursor)).to.be.empty;
  });

  it('gives a second reader exactly what was not acknowledged, at any point', () => {
    for (const acknowledged of [0, 1, 84, 85, 86, 500, 999, 1000]) {
      const { buffer } = filled(1000);
      drain(buffer, buffer.open());
      expect(buffer.acknowledge(acknowledged)).to.be.true;
      expect(sequences(drain(buffer, buffer.open()))).to.deep.equal(upTo(acknowledged + 1, 1000));
      expect(buffer.unacknowledgedBytes).to.equal((1000 - acknowledged) * 188);
      expect(buffer.unacknowledgedMs).to.equal(Math.max(0, 999 - acknowledged) * 20);
    }
  });

  it('gives memory back as it is acknowledged', () => {
    const { buffer, held } = filled(10_000);
    expect(held.bytes).to.be.greaterThan(10_000 * 188);
    buffer.acknowledge(10_000);
    expect(held.bytes).to.be.at.most(16_384);
    buffer.discard();
    expect(held.bytes).to.equal(0);
  });

  it('refuses an acknowledgement of what was never given', () => {
    const { buffer } = filled(10);
    expect(buffer.acknowledge(11)).to.be.false;
    expect(buffer.acknowledged).to.equal(0);
    expect(buffer.acknowledge(10)).to.be.true;
    expect(buffer.acknowledge(3)).to.be.true;
    expect(buffer.acknowledged).to.equal(10);
  });

  it('keeps the last bufferMs and counts what it dropped', () => {
    const { buffer, held } = filled(10_000, { bufferMs: 20_000, maxBytes: 1e9 });
    const items = drain(buffer, buffer.open());
    expect(items.at(-1)).to.include({ sequence: 10_000 });
    expect(items.length).to.be.within(1000, 1200);
    expect(buffer.dropped).to.equal(10_000 - items.length);
    expect(held.bytes).to.be.below(300_000);
  });

  it('keeps within its bytes whatever the packets claim about time', () => {
    const held = { bytes: 0 };
    const buffer = new CallBuffer({ bufferMs: 1e12, maxBytes: 100_000 }, (delta) => {
      held.bytes += delta;
    });
    for (let i = 0; i < 5_000; i++) {
      buffer.appendPacket(0, 0, rtp);
      expect(held.bytes).to.be.at.most(100_000 + 16_384);
    }
  });

  it('never drops legs and holds, and moves no reader past them', () => {
    const buffer = new CallBuffer({ bufferMs: 5_000, maxBytes: 1e9 }, () => {});
    const early = buffer.open();
    const controls: number[] = [];
    for (let i = 0; i < 5_000; i++) {
      if (i % 100 === 0) {
        buffer.appendControl({ kind: 'hold', index: 0, on: i % 200 === 0, atMs: i });
        controls.push(buffer.sequence);
      }
      buffer.appendPacket(0, i * 20, rtp);
    }
    const fresh = drain(buffer, buffer.open());
    const old = drain(buffer, early);
    for (const items of [fresh, old]) {
      const holds = items.filter((item) => item.kind === 'hold');
      expect(sequences(holds)).to.deep.equal(controls);
      const all = sequences(items);
      expect(all).to.deep.equal([...all].sort((a, b) => a - b));
    }
  });

  it('lets a reader in the middle go on behind what was dropped under it', () => {
    const buffer = new CallBuffer({ bufferMs: 5_000, maxBytes: 1e9 }, () => {});
    for (let i = 0; i < 100; i++) buffer.appendPacket(0, i * 20, rtp);
    const cursor = buffer.open();
    expect(buffer.read(cursor)).to.not.be.undefined;
    for (let i = 100; i < 2_000; i++) buffer.appendPacket(0, i * 20, rtp);
    const rest = sequences(drain(buffer, cursor));
    expect(rest.at(-1)).to.equal(2_000);
    expect(rest).to.deep.equal(upTo(rest[0]!, 2_000));
    expect(rest.length).to.be.within(250, 450);
  });

  it('counts an oversized packet as dropped and leaves a hole in the sequence', () => {
    const { buffer } = filled(1);
    buffer.appendPacket(0, 20, Buffer.alloc(9_000));
    buffer.appendPacket(0, 40, rtp);
    expect(sequences(drain(buffer, buffer.open()))).to.deep.equal([1, 3]);
    expect(buffer.dropped).to.equal(1);
  });
});
