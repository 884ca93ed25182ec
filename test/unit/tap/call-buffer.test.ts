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

  describe('with two copies', () => {
    function twice(
      packets: number,
      limits: Partial<{ bufferMs: number; lagMs: number; maxBytes: number }> = {},
    ) {
      const made = filled(0, { bufferMs: 1e9, maxBytes: 1e9, ...limits });
      made.buffer.expect(0);
      made.buffer.expect(1);
      for (let i = 0; i < packets; i++) made.buffer.appendPacket(0, i * 20, rtp);
      return made;
    }

    it('keeps what one of them lacks, and gives each what it has not acknowledged itself', () => {
      const { buffer } = twice(1000);
      buffer.acknowledge(700, 0);
      buffer.acknowledge(300, 1);
      expect(buffer.unacknowledgedBytes).to.equal(700 * 188);
      expect(buffer.acknowledged).to.equal(700);
      expect(sequences(drain(buffer, buffer.open(0)))).to.deep.equal(upTo(701, 1000));
      expect(sequences(drain(buffer, buffer.open(1)))).to.deep.equal(upTo(301, 1000));
      expect([buffer.reached(0), buffer.reached(1)]).to.deep.equal([700, 300]);
    });

    it('forgets what the other has as soon as nobody waits for the second', () => {
      const { buffer, held } = twice(10_000);
      buffer.acknowledge(10_000, 0);
      expect(held.bytes).to.be.greaterThan(10_000 * 188);
      buffer.waive(1);
      expect(held.bytes).to.be.at.most(16_384);
      buffer.expect(1);
      buffer.appendPacket(0, 1e6, rtp);
      expect(buffer.reached(1)).to.equal(10_000);
      expect(sequences(drain(buffer, buffer.open(1)))).to.deep.equal([10_001]);
    });

    it('keeps what no copy has longer than what one has, and counts only the former as lost', () => {
      const { buffer } = twice(0, { bufferMs: 60_000, lagMs: 10_000 });
      for (let i = 0; i < 5_000; i++) {
        buffer.appendPacket(0, i * 20, rtp);
        if (i < 4_000 && i % 25 === 0) buffer.acknowledge(buffer.sequence, 0);
      }
      const second = sequences(drain(buffer, buffer.open(1)));
      expect(buffer.dropped, 'the first copy has what the second missed').to.equal(0);
      // Nothing that was not acknowledged by the first is missing: twenty seconds of it.
      expect(second.at(-1)).to.equal(5_000);
      expect(second.length).to.be.within(1_000, 1_650);
      for (let i = 5_000; i < 9_000; i++) buffer.appendPacket(0, i * 20, rtp);
      expect(buffer.dropped).to.be.within(1_900, 2_100);
    });
  });
});
