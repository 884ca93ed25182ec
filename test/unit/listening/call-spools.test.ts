import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { WorkerHeartbeat } from '#contract/capture.ts';
import { createCallSpools } from '#domains/listening/call-spools.store.ts';
import { createLog } from '#kernel/log.ts';
import type { TapItem } from '#kernel/rtp/tap-protocol.ts';
import { CallOnDisk, callStartMs } from '#support/call-on-disk.ts';
import { shiftedPackets } from '#support/shifted-packets.ts';
import { createFollowDoor } from '#worker/follow/follow-door.ts';
import { FollowedCalls } from '#worker/follow/followed-calls.ts';
import { createSpoolDoor } from '#worker/spool/spool-door.ts';

const log = createLog('test', 'silent');
const call = { callId: 'call_1', zeroMs: callStartMs };

/** A recordings worker as the server sees it: its address, and its real door before a real spool. */
class Recorder {
  readonly spool: CallOnDisk;
  readonly beat: WorkerHeartbeat;
  readonly #calls: FollowedCalls;
  readonly #server: Server;
  asked = 0;

  private constructor(spool: CallOnDisk, calls: FollowedCalls, server: Server, workerId: string) {
    this.spool = spool;
    this.#calls = calls;
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.beat = {
      ...{ workerId, startedAt: 0, at: 0, captures: 0, spoolBytes: 0, spoolFreeBytes: 0, cpuSeconds: 0 },
      address: { host: '127.0.0.1', port },
    };
  }

  static async start(workerId: string, options: { mute?: boolean } = {}): Promise<Recorder> {
    const spool = await CallOnDisk.create();
    const calls = new FollowedCalls({ spoolDir: spool.dir, log, writtenThrough: () => undefined });
    const spoolId = `spool_${workerId}`;
    const door = createSpoolDoor({
      ...{ spoolDir: spool.dir, spoolId, secret: async () => 'sesame' },
      follow: createFollowDoor({ spoolId, calls, capturing: () => false }),
    });
    let recorder: Recorder | undefined;
    const server = createServer((request, response) => {
      if (recorder) recorder.asked += 1;
      if (!options.mute) void door(request, response, new URL(request.url ?? '/', 'http://worker').pathname);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    recorder = new Recorder(spool, calls, server, workerId);
    return recorder;
  }

  async die(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async stop(): Promise<void> {
    await this.die().catch(() => {});
    await this.#calls.close();
    await this.spool.remove();
  }
}

/** Two voices of 10 s. */
function talk(spool: CallOnDisk): TapItem[] {
  const feeds = [spool.leg('agent', 'PCMU'), spool.leg('customer', 'PCMU')];
  for (let n = 0; n < 500; n++) for (const feed of feeds) feed.frame(Buffer.alloc(160, n & 0xff));
  return spool.items;
}

describe('The recorders of a call, as time shift asks them', function () {
  this.timeout(20_000);
  let first: Recorder;
  let second: Recorder;
  let secret: string | null = 'sesame';
  const others: Recorder[] = [];

  beforeEach(async () => {
    secret = 'sesame';
    first = await Recorder.start('first');
    second = await Recorder.start('second');
  });
  afterEach(async () => {
    await Promise.all([first, second, ...others.splice(0)].map((recorder) => recorder.stop()));
  });

  const spools = (...recorders: Recorder[]) =>
    createCallSpools({
      recorders: async () => recorders.map(({ beat }) => beat),
      secret: async () => secret,
      log,
    });
  const code = (error: { code?: string }) => error.code;

  it('are asked one at a time, and the next one when that one dies', async () => {
    const items = talk(first.spool);
    await first.spool.write(items);
    await second.spool.write(items);
    const asking = spools(first, second);
    const whole = await asking.audio(call, 0, 10_000);
    expect(shiftedPackets(whole.bytes)).to.have.length(1_000);
    const answering = first.asked > second.asked ? first : second;
    const other = answering === first ? second : first;
    const before = other.asked;
    await asking.audio(call, 0, 10_000);
    expect(other.asked).to.equal(before);
    await answering.die();
    const again = await asking.audio(call, 0, 10_000);
    expect(again.bytes.equals(whole.bytes)).to.equal(true);
    await other.die();
    expect(await asking.audio(call, 0, 10_000).catch(code)).to.equal('shift.unavailable');
    expect(await asking.waveform(call, 0).catch(code)).to.equal('shift.unavailable');
  });

  it('give a call that moved from one to the other each in its part', async () => {
    const items = talk(first.spool);
    // The second one came in after four seconds and went on.
    const cut = 2 + 2 * 200;
    await first.spool.write(items.slice(0, cut));
    const legs = items.filter((item) => item.kind === 'leg').map((leg) => ({ ...leg, sequence: 0 }));
    await second.spool.write([...legs, ...items.slice(cut)], 'cap_2', cut);
    for (const asking of [spools(first, second), spools(second, first)]) {
      const found: number[] = [];
      let fromMs = 0;
      for (let asked = 0; fromMs < 9_900 && asked < 10; asked++) {
        const answer = await asking.audio(call, fromMs, 12_000);
        expect(answer.edgeMs).to.equal(10_000);
        found.push(...shiftedPackets(answer.bytes).map(({ atMs }) => atMs));
        fromMs = answer.toMs;
      }
      expect(found).to.deep.equal(Array.from({ length: 1_000 }, (_, i) => Math.floor(i / 2) * 20));
    }
  });

  it('are passed over when they do not answer', async () => {
    const mute = await Recorder.start('mute', { mute: true });
    others.push(mute);
    await second.spool.write(talk(second.spool));
    const began = performance.now();
    const { bytes } = await spools(mute, second).audio(call, 0, 1_000);
    expect(shiftedPackets(bytes)).to.have.length(100);
    expect(performance.now() - began).to.be.below(5_000);
  });

  it('are found again when their secret has changed, and never without it', async () => {
    await first.spool.write(talk(first.spool));
    const asking = spools(first);
    secret = 'another';
    expect(await asking.audio(call, 0, 1_000).catch(code)).to.equal('shift.unavailable');
    secret = null;
    expect(await asking.keep(call).catch(code)).to.equal('shift.unavailable');
    secret = 'sesame';
    expect((await asking.keep(call)).edgeMs).to.equal(10_000);
  });

  it('are none where nobody has anything', async () => {
    expect(await spools(first, second).audio(call, 0, 1_000).catch(code)).to.equal('shift.unavailable');
    expect(await spools().audio(call, 0, 1_000).catch(code)).to.equal('shift.unavailable');
  });
});
