import { expect } from 'chai';
import { ArrivalsReader, ArrivalsWriter, arrivalsMemory } from '#telephony/arrivals.ts';

interface Arrival {
  leg: number;
  atMs: number;
  text: string;
}

describe('Arrivals', () => {
  const ring = (bytes: number, backlogBytes?: number) => {
    const memory = arrivalsMemory(bytes);
    const reader = new ArrivalsReader(memory);
    const all = () => {
      const got: Arrival[] = [];
      reader.drain((leg, atMs, packet) => got.push({ leg, atMs, text: packet.toString('latin1') }));
      return got;
    };
    return {
      writer: new ArrivalsWriter(memory, backlogBytes === undefined ? {} : { backlogBytes }),
      reader,
      all,
    };
  };
  /** Every byte of it says which packet it is. */
  const packet = (n: number, bytes: number) => Buffer.alloc(bytes, n % 251);

  it('come in order, each with its leg and its moment', () => {
    const { writer, all } = ring(4_096);
    expect(all()).to.deep.equal([]);
    writer.push(7, 1_234.5, Buffer.from('one'));
    writer.push(4_000_000_000, 1_234.75, Buffer.from(''));
    writer.push(8, 2, Buffer.from('three'));
    expect(all()).to.deep.equal([
      { leg: 7, atMs: 1_234.5, text: 'one' },
      { leg: 4_000_000_000, atMs: 1_234.75, text: '' },
      { leg: 8, atMs: 2, text: 'three' },
    ]);
    expect(all()).to.deep.equal([]);
  });

  it('are whole however often the ring turns, and whatever their size', () => {
    const { writer, all } = ring(4_096);
    let given = 0;
    let taken = 0;
    // A prime step meets every possible rest before the turn, one byte and none included.
    for (let round = 0; round < 20_000; round++) {
      for (let i = 0; i <= round % 3; i++) {
        writer.push(given, given / 2, packet(given, (given * 37) % 700));
        given += 1;
      }
      for (const { leg, atMs, text } of all()) {
        expect(leg).to.equal(taken);
        expect(atMs).to.equal(taken / 2);
        if (text !== packet(taken, (taken * 37) % 700).toString('latin1')) expect.fail(`packet ${taken}`);
        taken += 1;
      }
    }
    expect(taken).to.equal(given);
  });

  it('wait where nobody takes them, and are dropped and counted beyond that', () => {
    const { writer, reader, all } = ring(4_096, 10_000);
    for (let n = 0; n < 200; n++) writer.push(n, n, packet(n, 100));
    expect(reader.dropped).to.equal(200 - 35 - 100);
    expect(all()).to.have.length(35);
    // What waited goes first, before what comes now.
    writer.push(999, 1, packet(3, 100));
    const got: number[] = [];
    for (let round = 0; round < 10; round++) {
      got.push(...all().map(({ leg }) => leg));
      writer.flush();
    }
    expect(got).to.deep.equal([...Array.from({ length: 100 }, (_, at) => 35 + at), 999]);
    expect(reader.dropped).to.equal(65);
  });

  it('are freed one by one: what fails with one does not meet it again', () => {
    const { writer, reader, all } = ring(4_096);
    for (const text of ['good', 'bad', 'next']) writer.push(1, 1, Buffer.from(text));
    const seen: string[] = [];
    const take = (_leg: number, _at: number, bytes: Buffer) => {
      seen.push(bytes.toString());
      if (seen.at(-1) === 'bad') throw new Error('as it should');
    };
    expect(() => reader.drain(take)).to.throw('as it should');
    expect(seen).to.deep.equal(['good', 'bad']);
    expect(all().map(({ text }) => text)).to.deep.equal(['next']);
  });

  it('need a ring whose size is a power of two', () => {
    expect(() => arrivalsMemory(5_000)).to.throw('power of two');
  });
});
