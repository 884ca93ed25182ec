import { appendFile, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  type FollowedAudio,
  type FollowedCall,
  followedAudio,
  followedCall,
} from '#contract/spool-follow.ts';
import { createLog } from '#kernel/log.ts';
import type { TapItem } from '#kernel/rtp/tap-protocol.ts';
import { CallOnDisk, callStartMs } from '#support/call-on-disk.ts';
import { eventually } from '#support/eventually.ts';
import { type ShiftedPacket, shiftedPackets } from '#support/shifted-packets.ts';
import { createFollowDoor } from '#worker/follow/follow-door.ts';
import { FollowedCalls } from '#worker/follow/followed-calls.ts';
import { createSpoolDoor } from '#worker/spool/spool-door.ts';

const log = createLog('test', 'silent');
/** Every packet of a call is another one, so that each can be told. */
const numbered = (leg: number, n: number) => {
  const payload = Buffer.alloc(160, 0xff);
  payload.writeUInt16BE(leg, 0);
  payload.writeUInt32BE(n, 2);
  return payload;
};
const numberOf = ({ payload }: ShiftedPacket) => payload.readUInt32BE(2);

describe('A followed call', function () {
  this.timeout(20_000);
  let call: CallOnDisk;
  let calls: FollowedCalls;
  let server: Server;
  let url: string;
  let now = 0;
  let writtenThrough: number | undefined;

  beforeEach(async () => {
    call = await CallOnDisk.create();
    now = 0;
    writtenThrough = undefined;
    calls = new FollowedCalls({
      ...{ spoolDir: call.dir, log, maxCalls: 3, now: () => now },
      writtenThrough: () => writtenThrough,
    });
    const door = createSpoolDoor({
      ...{ spoolDir: call.dir, spoolId: 'spool_1', secret: async () => 'sesame' },
      follow: createFollowDoor({
        ...{ spoolId: 'spool_1', calls },
        capturing: () => writtenThrough !== undefined,
      }),
    });
    server = createServer((request, response) => {
      void door(request, response, new URL(request.url ?? '/', 'http://worker').pathname);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await calls.close();
    await call.remove();
  });

  const folder = () => join(call.dir, call.job.callId);
  const get = (path: string, secret = 'sesame') =>
    fetch(url + path, { headers: { authorization: `Bearer ${secret}` } });
  const state = async (zeroMs = callStartMs): Promise<FollowedCall> =>
    followedCall.parse(await (await get(`/spool/call_1/follow?zeroMs=${zeroMs}`)).json());
  const audio = async (
    fromMs: number,
    toMs: number,
    callId = 'call_1',
  ): Promise<FollowedAudio & { packets: ShiftedPacket[] }> => {
    const answer = await get(
      `/spool/${callId}/follow/audio?zeroMs=${callStartMs}&fromMs=${fromMs}&toMs=${toMs}`,
    );
    expect(answer.status).to.equal(200);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const length = bytes.readUInt32BE(0);
    const head = followedAudio.parse(JSON.parse(bytes.toString('utf8', 4, 4 + length)));
    return { ...head, packets: shiftedPackets(bytes.subarray(4 + length)) };
  };

  /** Two voices for so many packets each, in the order in which the tap would give them. */
  function talk(packets: number): TapItem[] {
    const agent = call.leg('agent', 'PCMU');
    const customer = call.leg('customer', 'PCMU');
    for (let n = 0; n < packets; n++) {
      agent.frame(numbered(0, n));
      customer.frame(numbered(1, n));
    }
    return call.items;
  }

  /** As a recorder that comes in later writes: the legs are stated again. */
  const takeOver = (items: readonly TapItem[], captureId: string, after: number) => {
    const legs = call.items.filter((item) => item.kind === 'leg').slice(0, 2);
    return call.write([...legs.map((leg) => ({ ...leg, sequence: 0 })), ...items], captureId, after);
  };

  it('gives exactly the packets that begin in a span, with their side, place and payload', async () => {
    await call.write(talk(500));
    const { packets, toMs, edgeMs, ended } = await audio(2_000, 4_000);
    expect({ toMs, edgeMs, ended }).to.deep.equal({ toMs: 4_000, edgeMs: 10_000, ended: false });
    for (const side of ['agent', 'customer'] as const) {
      const own = packets.filter((one) => one.side === side);
      expect(own.map(numberOf)).to.deep.equal(Array.from({ length: 100 }, (_, i) => 100 + i));
      for (const packet of own) {
        expect(packet.codec).to.equal('PCMU');
        expect(packet.atMs).to.equal(numberOf(packet) * 20);
        expect(packet.payload.equals(numbered(side === 'agent' ? 0 : 1, numberOf(packet)))).to.equal(true);
      }
    }
    expect(packets.map(({ atMs }) => atMs)).to.deep.equal(
      packets.map(({ atMs }) => atMs).sort((a, b) => a - b),
    );
    expect((await audio(9_990, 20_000)).toMs).to.equal(10_000);
    expect((await audio(15_000, 20_000)).packets).to.deep.equal([]);
  });

  it('gives as much as fits into an answer, and says how far that is', async () => {
    await call.write(talk(500));
    const followed = (await calls.look('call_1'))!;
    const some = followed.packetsBetween(callStartMs, callStartMs + 10_000, 10 * 168);
    expect(some.packets.map(({ atMs }) => atMs - callStartMs)).to.deep.equal([
      0, 0, 20, 20, 40, 40, 60, 60, 80, 80,
    ]);
    expect(some).to.include({ bytes: 1_680, toMs: callStartMs + 100 });
  });

  it('lets nobody in without the secret, and answers nonsense as such', async () => {
    await call.write(talk(10));
    expect((await get('/spool/call_1/follow?zeroMs=1', 'wrong')).status).to.equal(401);
    const asked = async (path: string) => (await get(path)).status;
    expect(await asked('/spool/call_2/follow?zeroMs=1')).to.equal(404);
    expect(await asked('/spool/call_1/follow/video?zeroMs=1')).to.equal(404);
    expect(await asked('/spool/call_1/follow/audio/more?zeroMs=1')).to.equal(404);
    expect(await asked('/spool/..%2fcall_1/follow?zeroMs=1')).to.equal(404);
    expect(await asked('/spool/call_1/follow')).to.equal(400);
    expect(await asked('/spool/call_1/follow/audio?zeroMs=1&fromMs=0&toMs=40000')).to.equal(400);
    expect(await asked('/spool/call_1/follow/audio?zeroMs=1&fromMs=-5&toMs=40')).to.equal(400);
    expect(calls.size).to.equal(0);
  });

  it('gives nothing beyond a leg that lags, until it is plain that the leg is silent', async () => {
    const items = talk(200);
    const packets = items.filter((item) => item.kind === 'packet');
    // The last second of the customer is not on disk yet.
    const late = new Set(packets.filter(({ index }) => index === 1).slice(-50));
    const there = items.filter((item) => item.kind !== 'packet' || !late.has(item));
    await call.write(there.map((item, i) => ({ ...item, sequence: i + 1 })));
    expect((await audio(0, 30_000)).toMs).to.equal(3_000);

    const agent = call.leg('agent', 'PCMU', callStartMs + 4_000);
    call.items.splice(0, call.items.length - 1);
    for (let n = 200; n < 400; n++) agent.frame(numbered(0, n));
    await call.write(
      call.items.map((item, i) => ({ ...item, sequence: i + 900 })),
      'cap_2',
      there.length,
    );
    await eventually(async () => expect((await audio(0, 30_000)).toMs).to.equal(6_500));

    // The writer itself knows better.
    writtenThrough = callStartMs + 60_000;
    await eventually(async () => expect(await state()).to.include({ edgeMs: 59_850, capturing: true }));
  });

  it('counts what two captures of one spool both wrote once, and says where neither was', async () => {
    const items = talk(300);
    await call.write(items.slice(0, 302), 'cap_1');
    await takeOver(items.slice(202, 402), 'cap_2', 202);
    expect((await state()).spans).to.deep.equal([{ fromMs: 0, toMs: 4_000 }]);
    expect((await audio(0, 30_000)).packets).to.have.length(400);

    await takeOver(items.slice(502), 'cap_3', 502);
    await eventually(async () =>
      expect((await state()).spans).to.deep.equal([
        { fromMs: 0, toMs: 3_980 },
        { fromMs: 5_000, toMs: 6_000 },
      ]),
    );
  });

  it('leaves torn and garbled tails alone, and goes on where the writer does', async () => {
    const items = talk(100);
    await call.write(items.slice(0, 102));
    expect((await audio(0, 30_000)).packets).to.have.length(100);
    for (const name of await readdir(folder())) {
      await appendFile(
        join(folder(), name),
        name.endsWith('.jsonl') ? '{"type":"pau' : Buffer.from([0, 180, 0]),
      );
    }
    await takeOver(items.slice(102), 'cap_2', 102);
    await eventually(async () => expect((await audio(0, 30_000)).packets).to.have.length(200));
  });

  it('tells pauses, also one that lasts', async () => {
    const items = talk(100);
    const pause = (on: boolean, atMs: number): TapItem => ({
      ...{ kind: 'pause', sequence: items.length + 1, on },
      ...{ sinceMs: callStartMs + 2_000, atMs: callStartMs + atMs },
    });
    items.push(pause(true, 2_000));
    await call.write(items);
    expect((await state()).pauses).to.deep.equal([{ fromMs: 2_000, toMs: null }]);
    await call.write([pause(false, 5_000)], 'cap_2', items.length);
    await eventually(async () =>
      expect((await state()).pauses).to.deep.equal([{ fromMs: 2_000, toMs: 5_000 }]),
    );
  });

  it('can be heard to its end, also when its spool is cleared meanwhile', async () => {
    const items = talk(250);
    items.push({ kind: 'call-end', sequence: items.length + 1, atMs: callStartMs + 5_200 });
    await call.write(items);
    expect((await audio(0, 1_000)).ended).to.equal(false);
    await rm(folder(), { recursive: true });
    await eventually(async () => expect((await state()).ended).to.equal(true));
    const rest = await audio(4_000, 30_000);
    expect(rest).to.include({ toMs: 5_000, edgeMs: 5_000, ended: true });
    expect(rest.packets.map(numberOf)).to.include(249);

    now += 300_000;
    calls.tidy();
    expect(calls.size, 'what could not be read again is kept longer').to.equal(1);
    now += 301_000;
    calls.tidy();
    expect(calls.size).to.equal(0);
    expect((await get(`/spool/call_1/follow?zeroMs=${callStartMs}`)).status).to.equal(404);
  });

  it('is forgotten when nobody asks for a minute, and read anew when somebody does', async () => {
    await call.write(talk(100));
    await audio(0, 1_000);
    now += 59_000;
    calls.tidy();
    expect(calls.size).to.equal(1);
    now += 2_000;
    calls.tidy();
    expect(calls.size).to.equal(0);
    expect((await audio(0, 30_000)).packets).to.have.length(200);
  });

  it('draws loud as loud and silence as silence', async () => {
    const agent = call.leg('agent', 'PCMU');
    for (let n = 0; n < 50; n++) agent.frame(Buffer.alloc(160, n % 10 < 5 ? 0x80 : 0xff));
    await call.write();
    const answer = await get(`/spool/call_1/follow/waveform?zeroMs=${callStartMs}&fromMs=0`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const length = bytes.readUInt32BE(0);
    const { steps } = JSON.parse(bytes.toString('utf8', 4, 4 + length)) as { steps: number };
    expect(steps).to.equal(10);
    // 0x80 is the loudest code of µ-law, 32,124 of 32,768.
    expect([...bytes.subarray(4 + length, 4 + length + steps)]).to.deep.equal([
      254, 0, 254, 0, 254, 0, 254, 0, 254, 0,
    ]);
    expect([...bytes.subarray(4 + length + steps)]).to.deep.equal(Array.from({ length: steps }, () => 0));
  });
});
