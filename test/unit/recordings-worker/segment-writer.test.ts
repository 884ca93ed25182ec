import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { TapItem } from '#kernel/rtp/tap-protocol.ts';
import { captureLegOf, LegFeed } from '#support/leg-feed.ts';
import { readSpool } from '#worker/seal/read-spool.ts';
import type { SegmentHead } from '#worker/spool/segment-events.ts';
import { SegmentWriter } from '#worker/spool/segment-writer.ts';

const frame = Buffer.alloc(160, 0xff);
const startMs = 1_760_000_000_000;

const head = (captureId: string, after = 0): SegmentHead => ({
  type: 'segment',
  version: 1,
  captureId,
  callId: 'call_1',
  recordingId: 'rec_1',
  workerId: 'w1',
  openedAt: startMs + after,
  after,
});

/** What the tap sends for a call of two legs: sequence 1 and 2 announce them, packets follow in turn. */
function itemsOf(frames: number): TapItem[] {
  const items: TapItem[] = [];
  const add = (item: TapItem) => items.push(item);
  const feeds = (['agent', 'customer'] as const).map((role, index) => {
    const leg = captureLegOf(`leg_${role}`, role, 'PCMU');
    add({ kind: 'leg', sequence: items.length + 1, index, leg });
    return new LegFeed(leg, startMs, (rtp, arrivalMs) =>
      add({ kind: 'packet', sequence: items.length + 1, index, arrivalMs, rtp }),
    );
  });
  for (let i = 0; i < frames; i++) for (const feed of feeds) feed.frame(frame);
  return items;
}

describe('a segment of the spool', () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'spool-')), 'call_1');
  });
  afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

  async function write(captureId: string, items: readonly TapItem[], after = 0): Promise<SegmentWriter> {
    const writer = await SegmentWriter.open({ folder, head: head(captureId, after) });
    for (const item of items) writer.append(item);
    await writer.flush();
    await writer.close();
    return writer;
  }

  it('brings everything to disk and answers the sequence that may be acknowledged', async () => {
    const items = itemsOf(100);
    const writer = await SegmentWriter.open({ folder, head: head('cap_1') });
    for (const item of items.slice(0, 50)) writer.append(item);
    expect(await writer.flush()).to.equal(50);
    for (const item of items.slice(50)) writer.append(item);
    expect(await writer.flush()).to.equal(202);
    expect(writer.pendingBytes).to.equal(0);
    await writer.close();
    expect((await readdir(folder)).sort()).to.deep.equal([
      'cap_1.events.jsonl',
      'cap_1.leg_agent.rtpdump',
      'cap_1.leg_customer.rtpdump',
    ]);
    const call = await readSpool(folder);
    expect(call.legs.map(({ index }) => index.count)).to.deep.equal([100, 100]);
    expect(call.legs[0]!.index.arrivalMs[99]).to.equal(startMs + 99 * 20);
  });

  it('never touches what an earlier run of the same capture wrote', async () => {
    const items = itemsOf(10);
    expect((await write('cap_1', items.slice(0, 12))).name).to.equal('cap_1');
    expect((await write('cap_1', items)).name).to.equal('cap_1.2');
    expect((await write('cap_1', items)).name).to.equal('cap_1.3');
    const call = await readSpool(folder);
    expect(call.legs.map(({ index }) => [index.count, index.duplicates])).to.deep.equal([
      [10, 15],
      [10, 15],
    ]);
  });

  it('loses only the torn record when its writer died in the middle of one', async () => {
    await write('cap_1', itemsOf(10));
    const path = join(folder, 'cap_1.leg_agent.rtpdump');
    await truncate(path, (await readFile(path)).length - 100);
    const events = join(folder, 'cap_1.events.jsonl');
    await truncate(events, (await readFile(events)).length - 1);
    const call = await readSpool(folder);
    expect(call.legs.map(({ leg, index }) => [leg.role, index.count, index.tornBytes])).to.deep.equal([
      ['agent', 9, 80],
    ]);
  });

  it('joins the segments in the order of the tap, whatever their names', async () => {
    const items = itemsOf(100);
    const legs = items.slice(0, 2).map((item) => ({ ...item, sequence: 0 }));
    await write('cap_z', items.slice(0, 120));
    // The next recorder starts at the first packet that was not acknowledged, before what is already on disk.
    await write('cap_a', [...legs, ...items.slice(90)], 90);
    const call = await readSpool(folder);
    expect(call.segments.map(({ name }) => name)).to.deep.equal(['cap_z', 'cap_a']);
    for (const { index } of call.legs) {
      expect(index.count).to.equal(100);
      const arrivals = [...index.arrivalMs.subarray(0, 100)];
      expect(arrivals).to.deep.equal([...arrivals].sort((a, b) => a - b));
    }
    expect(call.droppedPackets).to.equal(0);
  });

  it('notes what the tap had to drop, and when', async () => {
    const items = itemsOf(100);
    await write('cap_1', [...items.slice(0, 42), ...items.slice(62)]);
    const call = await readSpool(folder);
    expect(call.droppedPackets).to.equal(20);
    expect(call.dropped).to.deep.equal([{ fromMs: startMs + 19 * 20, toMs: startMs + 30 * 20 }]);
  });

  it('keeps holds and the end of the call', async () => {
    const items = itemsOf(3);
    const next = items.length + 1;
    await write('cap_1', [
      ...items,
      { kind: 'hold', sequence: next, index: 1, on: true, atMs: startMs + 50 },
      { kind: 'hold', sequence: next + 1, index: 1, on: false, atMs: startMs + 90 },
      { kind: 'hold', sequence: next + 2, index: 0, on: true, atMs: startMs + 95 },
      { kind: 'leg-end', sequence: next + 3, index: 0, atMs: startMs + 100 },
      { kind: 'call-end', sequence: next + 4, atMs: startMs + 120 },
    ]);
    const call = await readSpool(folder);
    expect(call.endedAt).to.equal(startMs + 120);
    expect(call.legs.map(({ holds }) => holds)).to.deep.equal([
      [{ fromMs: startMs + 95, toMs: startMs + 120 }],
      [{ fromMs: startMs + 50, toMs: startMs + 90 }],
    ]);
  });

  it('keeps pauses, told in whole by whichever recorder was there at their end', async () => {
    const items = itemsOf(3);
    const next = items.length + 1;
    const legs = items.slice(0, 2).map((item) => ({ ...item, sequence: 0 }));
    await write('cap_1', [
      ...items,
      { kind: 'pause', sequence: next, on: true, sinceMs: startMs + 50, atMs: startMs + 50 },
    ]);
    // Another recorder came in the middle of the first pause, and none saw the end of the second.
    await write(
      'cap_2',
      [
        ...legs,
        { kind: 'pause', sequence: next + 1, on: false, sinceMs: startMs + 50, atMs: startMs + 80 },
        { kind: 'pause', sequence: next + 2, on: true, sinceMs: startMs + 90, atMs: startMs + 90 },
      ],
      next,
    );
    const { pauses } = await readSpool(folder);
    expect(pauses).to.deep.equal([
      { fromMs: startMs + 50, toMs: startMs + 80 },
      { fromMs: startMs + 90, toMs: Number.POSITIVE_INFINITY },
    ]);
  });

  it('refuses a packet of a leg that was never announced', async () => {
    const writer = await SegmentWriter.open({ folder, head: head('cap_1') });
    expect(() =>
      writer.append({ kind: 'packet', sequence: 1, index: 4, arrivalMs: startMs, rtp: frame }),
    ).to.throw();
    await writer.close();
  });
});
