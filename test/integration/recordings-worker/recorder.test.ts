import { readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { workerHeartbeat } from '#contract/capture.ts';
import { peaksFile } from '#contract/recordings.ts';
import { between, decodeStereo, loudSpans } from '#support/decoded-audio.ts';
import { eventually } from '#support/eventually.ts';
import { toneFrames } from '#support/leg-feed.ts';
import { RecorderWorld, type TestCall } from '#support/recorder.ts';
import { dominantFrequency } from '#support/tone.ts';
import { manifest } from '#worker/seal/manifest.ts';

describe('a recordings worker', function () {
  this.timeout(90_000);
  let world: RecorderWorld;
  let callId: string;
  let calls = 0;

  before(async () => {
    // Long enough for calls that are fed faster than in real time.
    world = await RecorderWorld.start({ tapBufferMs: 600_000 });
  });
  beforeEach(() => {
    callId = `call_${++calls}`;
  });
  afterEach(() => world.calmDown());
  after(() => world.stop());

  /** The call is archived, complete, 440 Hz left and 880 Hz right from end to end. */
  async function expectComplete(call: TestCall, within = 30_000) {
    const archived = await world.report('archived', call.callId, within);
    const sealed = await world.report('sealed', call.callId);
    expect(sealed.facts.coverage).to.equal(1);
    expect(sealed.facts.gaps).to.deep.equal([]);
    expect(sealed.facts.legs.reduce((sum, leg) => sum + leg.packets, 0)).to.equal(call.packets);
    expect(sealed.facts.legs.reduce((sum, leg) => sum + leg.lost, 0)).to.equal(0);
    const audio = await decodeStereo(await world.urlOf(archived));
    expect(audio.durationMs).to.be.closeTo(sealed.facts.durationMs, 50);
    for (const [samples, hz] of [
      [audio.left, 440],
      [audio.right, 880],
    ] as const) {
      const [span, ...more] = loudSpans(samples, audio.rate);
      expect(more, 'silence within the tone').to.be.empty;
      expect(span!.toMs - span!.fromMs).to.be.closeTo(audio.durationMs, 60);
      for (let fromMs = 200; fromMs + 700 < audio.durationMs; fromMs += 2_500) {
        expect(dominantFrequency(between(samples, audio.rate, fromMs, fromMs + 500), audio.rate)).to.equal(
          hz,
        );
      }
    }
    return { archived, sealed, audio };
  }

  async function tones(seconds: number, codec: 'PCMU' | 'opus' = 'PCMU') {
    return { low: await toneFrames(codec, 440, seconds), high: await toneFrames(codec, 880, seconds) };
  }

  it('takes a call from its first packet to the bucket, and clears the spool', async () => {
    const { low, high } = await tones(8);
    const call = await world.openCall(callId);
    const [agent, customer] = [call.leg('agent', 'PCMU'), call.leg('customer', 'PCMU')];
    // Two seconds before any worker is there.
    agent.frames(low.slice(0, 100));
    customer.frames(high.slice(0, 100));
    const worker = await world.startWorker();
    await world.report('capture-started', callId);
    agent.frames(low.slice(100));
    customer.frames(high.slice(100));
    call.end();

    const { archived, sealed } = await expectComplete(call);
    expect(sealed.facts.durationMs).to.equal(8_000);
    expect(sealed.facts.startedAt).to.equal(call.startMs);
    expect((await world.report('captured', callId)).packets).to.equal(call.packets);
    const told = world.reports.filter((report) => report.callId === callId);
    expect(told.map(({ kind }) => kind)).to.deep.equal(['capture-started', 'captured', 'sealed', 'archived']);
    expect(told.map(({ workerId }) => workerId)).to.deep.equal(Array(4).fill(worker.id));
    expect(world.tap.totals()).to.include({ dropped: 0, bytes: 0 });

    const day = new Date(call.startMs).toISOString().slice(0, 10).replaceAll('-', '/');
    const { Contents = [] } = await world.store.client.send(
      new ListObjectsV2Command({ Bucket: world.store.bucket, Prefix: `recordings/${day}/rec_${callId}/` }),
    );
    expect(Contents.map(({ Key }) => Key)).to.deep.equal(
      ['audio.webm', 'manifest.json', 'peaks.json'].map((name) => `recordings/${day}/rec_${callId}/${name}`),
    );
    expect(Contents.map(({ Size }) => Size).sort()).to.deep.equal(
      archived.files.map(({ bytes }) => bytes).sort(),
    );
    const fetched = async (kind: 'peaks' | 'manifest') =>
      await (await fetch(await world.urlOf(archived, kind))).json();
    expect(peaksFile.parse(await fetched('peaks')).durationMs).to.equal(8_000);
    expect(manifest.parse(await fetched('manifest')).segments).to.have.length(1);
    await eventually(async () => expect(await world.spoolOf(callId)).to.be.empty);
  });

  it('records Opus legs of which one comes two seconds late', async () => {
    const { low, high } = await tones(6, 'opus');
    await world.startWorker();
    const call = await world.openCall(callId);
    call.leg('agent', 'opus').frames(low);
    call.leg('customer', 'opus', 2_000).frames(high.slice(0, 200));
    call.end();
    const archived = await world.report('archived', callId);
    const audio = await decodeStereo(await world.urlOf(archived));
    expect(audio.durationMs).to.be.closeTo(6_000, 50);
    const [late, ...more] = loudSpans(audio.right, audio.rate);
    expect(more).to.be.empty;
    expect(late!.fromMs).to.be.closeTo(2_000, 50);
    expect(late!.toMs).to.be.closeTo(6_000, 50);
    expect(dominantFrequency(between(audio.left, audio.rate, 300, 800), audio.rate)).to.equal(440);
    expect(dominantFrequency(between(audio.right, audio.rate, 3_000, 3_500), audio.rate)).to.equal(880);
  });

  it('loses nothing when it is killed in the middle of a call, as another one takes over', async () => {
    const { low, high } = await tones(6);
    const call = await world.openCall(callId);
    const frames = new Map([
      [call.leg('agent', 'PCMU'), low],
      [call.leg('customer', 'PCMU'), high],
    ]);
    const first = await world.startWorker();
    await world.report('capture-started', callId);
    const second = await world.startWorker();
    const playing = call.playInRealTime(frames);
    await eventually(() => expect(call.packets).to.be.greaterThan(200));
    first.kill();
    await playing;
    call.end();
    const { sealed } = await expectComplete(call);
    expect(sealed.facts.durationMs).to.equal(6_000);
    const started = world.reportsOf('capture-started', callId).map(({ workerId }) => workerId);
    expect(started).to.deep.equal([first.id, second.id]);
    expect(world.tap.totals().dropped).to.equal(0);
  });

  it('loses nothing when the only one is killed and comes back seconds later', async () => {
    const { low, high } = await tones(8);
    const call = await world.openCall(callId);
    const frames = new Map([
      [call.leg('agent', 'PCMU'), low],
      [call.leg('customer', 'PCMU'), high],
    ]);
    const first = await world.startWorker({ WORKER_ID: 'only' });
    await world.report('capture-started', callId);
    const playing = call.playInRealTime(frames);
    await eventually(() => expect(call.packets).to.be.greaterThan(150));
    first.kill();
    await eventually(() => expect(call.packets).to.be.greaterThan(400));
    await world.startWorker({ WORKER_ID: 'only' });
    await playing;
    call.end();
    await expectComplete(call);
  });

  it('hands its calls over whole when it is stopped in order', async () => {
    const { low, high } = await tones(9);
    const call = await world.openCall(callId);
    const frames = new Map([
      [call.leg('agent', 'PCMU'), low],
      [call.leg('customer', 'PCMU'), high],
    ]);
    const first = await world.startWorker();
    await world.report('capture-started', callId);
    const second = await world.startWorker();
    const playing = call.playInRealTime(frames);
    await eventually(() => expect(call.packets).to.be.greaterThan(100));
    await first.stop();
    expect((await world.report('capture-lost', callId)).reason).to.equal('stopping');
    await playing;
    call.end();
    await expectComplete(call);
    expect(world.reportsOf('capture-started', callId).at(-1)!.workerId).to.equal(second.id);
  });

  it('seals again after it was killed while sealing', async () => {
    const { low, high } = await tones(120);
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames(low);
    call.leg('customer', 'PCMU').frames(high);
    const first = await world.startWorker();
    call.end();
    await eventually(
      async () =>
        expect((await world.spoolOf(callId)).some((name) => name.startsWith('sealing-'))).to.be.true,
      { within: 20_000, every: 5 },
    );
    first.kill();
    const killedAt = Date.now();
    expect(world.reportsOf('sealed', callId)).to.be.empty;
    await world.startWorker();
    const { sealed } = await expectComplete(call, 45_000);
    expect(sealed.facts.durationMs).to.equal(120_000);
    // By the lapse of the dead worker's lock, ten seconds, and not by the server's sweep, a minute later.
    expect(sealed.at - killedAt).to.be.below(45_000);
  });

  it('archives again after it was killed while uploading', async () => {
    const { low, high } = await tones(20);
    world.objects.faults.add({ kind: 'slow', operation: 'PutObject', bytesPerSecond: 20_000 });
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames(low);
    call.leg('customer', 'PCMU').frames(high);
    const first = await world.startWorker();
    call.end();
    await eventually(() => expect(world.objects.faults.list()[0]!.matched).to.be.greaterThan(0), {
      within: 20_000,
    });
    first.kill();
    expect(world.reportsOf('archived', callId)).to.be.empty;
    expect(await world.spoolOf(callId)).to.include('sealed');
    world.objects.faults.clear();
    await world.startWorker();
    await expectComplete(call);
  });

  it('waits for an object store that is away, keeps the spool, and archives when it is back', async () => {
    const { low, high } = await tones(4);
    await world.objects.faults.startOutage();
    await world.startWorker();
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames(low);
    call.leg('customer', 'PCMU').frames(high);
    call.end();
    const failed = await world.report('failed', callId);
    expect(failed).to.include({ stage: 'archive', code: 'store.storage', final: false });
    await eventually(() => expect(world.reportsOf('failed', callId).length).to.be.at.least(2), {
      within: 15_000,
    });
    expect(await world.spoolOf(callId)).to.include('sealed');
    await world.objects.faults.endOutage();
    await expectComplete(call);
  });

  it('does not believe an object store that gives back something else', async () => {
    const { low, high } = await tones(4);
    world.objects.faults.add({ kind: 'flip-byte', operation: 'GetObject', atByte: 10 });
    const worker = await world.startWorker();
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames(low);
    call.leg('customer', 'PCMU').frames(high);
    call.end();
    // Told to people by the recording's failure, to machines by the metric, to whoever reads it by the log.
    expect(await world.report('failed', callId)).to.include({
      stage: 'archive',
      code: 'archive.verify',
      final: false,
    });
    const metrics = await (await fetch(`http://127.0.0.1:${worker.port}/metrics`)).text();
    expect(metrics).to.match(/stage_failures_total\{stage="archive",code="archive\.verify"\} [1-9]/);
    expect(worker.lines.some((line) => line.includes('"code":"archive.verify"'))).to.equal(true);
    expect(await world.spoolOf(callId)).to.not.be.empty;
    world.objects.faults.clear();
    await expectComplete(call);
  });

  it('gives the same answer when seal and archive are asked for once more', async () => {
    const { low, high } = await tones(3);
    await world.startWorker();
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames(low);
    call.leg('customer', 'PCMU').frames(high);
    call.end();
    const { archived, sealed } = await expectComplete(call);
    await eventually(async () => expect(await world.spoolOf(callId)).to.be.empty);
    await world.queues.enqueueSeal(world.job(callId));
    const again = await eventually(
      () => {
        const [, second] = world.reportsOf('archived', callId);
        expect(second).to.exist;
        return second!;
      },
      { within: 15_000 },
    );
    expect(again.files).to.deep.equal(archived.files);
    expect(world.reportsOf('sealed', callId)[1]!.facts).to.deep.equal(sealed.facts);
    expect(await world.spoolOf(callId)).to.be.empty;
  });

  it('says for good that a call without a packet cannot be sealed', async () => {
    await world.startWorker();
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU');
    call.tapCall.end(Date.now());
    expect(await world.report('failed', callId)).to.include({
      stage: 'seal',
      code: 'seal.no-packets',
      final: true,
    });
    expect(await world.spoolOf(callId)).to.not.be.empty;
  });

  it('tells how it is: heartbeat, health, readiness, metrics', async () => {
    const worker = await world.startWorker({ WORKER_ID: 'w-1' });
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames((await tones(2)).low);
    await world.report('capture-started', callId);
    const redis = new Redis(world.redisUrl);
    try {
      await eventually(async () => {
        const beat = workerHeartbeat.parse(JSON.parse((await redis.get('worker:w-1')) ?? 'null'));
        expect(beat).to.include({ workerId: 'w-1', captures: 1 });
        expect(beat.spoolFreeBytes).to.be.greaterThan(1_000_000);
      });
      expect(await redis.pttl('worker:w-1')).to.be.within(1, 10_000);
      const get = (path: string) => fetch(`http://127.0.0.1:${worker.port}${path}`);
      expect((await get('/healthz')).status).to.equal(200);
      expect((await get('/readyz')).status).to.equal(200);
      expect((await get('/elsewhere')).status).to.equal(404);
      const metrics = await (await get('/metrics')).text();
      expect(metrics).to.match(/^cloud_listening_captures_running 1$/m);
      expect(metrics).to.match(/^cloud_listening_spool_calls\{state="unsealed"\} \d+$/m);
      call.end();
      await worker.stop();
      expect(await redis.get('worker:w-1')).to.be.null;
    } finally {
      redis.disconnect();
    }
  });

  it('deletes nothing that it finds at its start', async () => {
    const { low, high } = await tones(3);
    world.lead.seal = false;
    const first = await world.startWorker();
    const call = await world.openCall(callId);
    call.leg('agent', 'PCMU').frames(low);
    call.leg('customer', 'PCMU').frames(high);
    call.end();
    await world.report('captured', callId);
    first.kill();
    const before = await world.spoolOf(callId);
    const second = await world.startWorker();
    const found = second.lines.find((line) => line.includes('spool at the start'));
    expect(JSON.parse(found!).unsealed).to.be.at.least(1);
    expect(await world.spoolOf(callId)).to.deep.equal(before);
    const events = await readFile(
      join(world.spoolDir, callId, before.find((name) => name.endsWith('.jsonl'))!),
      'utf8',
    );
    expect(events).to.include('"type":"call-end"');
    await world.queues.enqueueSeal(world.job(callId));
    await expectComplete(call);
  });

  it('goes on where it was when the way to the tap breaks', async () => {
    const { low, high } = await tones(6);
    const worker = await world.startWorker();
    const way = await breakableWay(world.tap.address());
    try {
      world.lead.capture = false;
      const call = await world.openCall(callId, { through: way.port });
      const frames = new Map([
        [call.leg('agent', 'PCMU'), low],
        [call.leg('customer', 'PCMU'), high],
      ]);
      await world.report('capture-started', callId);
      world.lead.capture = true;
      const playing = call.playInRealTime(frames);
      await eventually(() => expect(call.packets).to.be.greaterThan(150));
      way.cut();
      await playing;
      call.end();
      await expectComplete(call);
      expect((await world.report('capture-lost', callId)).reason).to.equal('connection');
      expect(world.reportsOf('capture-started', callId).map(({ workerId }) => workerId)).to.deep.equal([
        worker.id,
        worker.id,
      ]);
    } finally {
      way.close();
    }
  });

  it('loses nothing when its spool fails for a while', async () => {
    const { low, high } = await tones(4);
    const folder = join(world.spoolDir, callId);
    const worker = await world.startWorker();
    await writeFile(folder, 'a file where a folder should be');
    const call = await world.openCall(callId);
    const [agent, customer] = [call.leg('agent', 'PCMU'), call.leg('customer', 'PCMU')];
    agent.frames(low.slice(0, 100));
    customer.frames(high.slice(0, 100));
    expect((await world.report('capture-lost', callId)).reason).to.equal('spool');
    // It rests before it takes the call again, instead of failing as fast as it can.
    expect(world.reportsOf('capture-lost', callId)).to.have.length(1);
    await rm(folder);
    agent.frames(low.slice(100));
    customer.frames(high.slice(100));
    call.end();
    await expectComplete(call);
    expect(world.reportsOf('capture-lost', callId)).to.have.length(1);
    expect(worker.lines.some((line) => line.includes('"msg":"capture lost"'))).to.be.true;
  });

  it('goes on capturing while Redis is away, and tells of it afterwards', async () => {
    const { low, high } = await tones(6);
    await world.startWorker();
    const call = await world.openCall(callId);
    const frames = new Map([
      [call.leg('agent', 'PCMU'), low],
      [call.leg('customer', 'PCMU'), high],
    ]);
    await world.report('capture-started', callId);
    const playing = call.playInRealTime(frames);
    await eventually(() => expect(call.packets).to.be.greaterThan(100));
    await world.restartRedis(async () => {
      await playing;
      call.end();
      await eventually(() => expect(world.tap.status()).to.be.empty);
    });
    await expectComplete(call, 40_000);
  });

  it('says that a tap cannot be reached, and says nothing when another recorder has the call', async () => {
    const worker = await world.startWorker();
    const nobody = await breakableWay(world.tap.address());
    nobody.close();
    await world.queues.enqueueCapture({
      captureId: 'cap_unreachable',
      ...world.job(callId),
      tap: { host: '127.0.0.1', port: nobody.port, lease: 'any' },
    });
    expect((await world.report('capture-lost', callId)).reason).to.equal('tap-unreachable');
    const other = `${callId}_b`;
    world.tap.openCall(other);
    const stale = world.tap.lease(other);
    world.tap.lease(other);
    await world.queues.enqueueCapture({ captureId: 'cap_stale', ...world.job(other), tap: stale });
    const refused = await eventually(() => worker.lines.find((line) => line.includes('cap_stale')) ?? false);
    expect(JSON.parse(refused)).to.include({ msg: 'tap refused', reason: 'unknown-lease' });
    const metrics = await (await fetch(`http://127.0.0.1:${worker.port}/metrics`)).text();
    expect(metrics).to.match(/captures_ended_total\{outcome="superseded"\} [1-9]/);
    expect(world.reports.filter((report) => report.callId === other)).to.be.empty;
    expect(await world.spoolOf(other)).to.be.empty;
  });

  it('says what a dead recorder and a small buffer cost', async () => {
    await world.stop();
    world = await RecorderWorld.start({ tapBufferMs: 2_000 });
    const { low } = await tones(20);
    const call = await world.openCall(callId);
    const agent = call.leg('agent', 'PCMU');
    agent.frames(low.slice(0, 100));
    const first = await world.startWorker();
    await eventually(() => expect(world.tap.status()[0]!.bufferedBytes).to.equal(0));
    first.kill();
    await eventually(() => expect(world.tap.status()[0]!.connected).to.be.false);
    agent.frames(low.slice(100));
    await world.startWorker();
    await eventually(() => expect(world.tap.status()[0]!.bufferedBytes).to.equal(0), { within: 20_000 });
    call.end();
    const sealed = await world.report('sealed', callId);
    const dropped = world.tap.totals().dropped;
    expect(dropped).to.be.greaterThan(400);
    const kept = sealed.facts.legs[0]!.packets;
    expect(kept + dropped).to.equal(1_000);
    expect(sealed.facts.coverage).to.be.closeTo(kept / 1_000, 1e-9);
    expect(sealed.facts.durationMs).to.equal(20_000);
    expect(sealed.facts.gaps).to.deep.equal([
      { role: 'agent', fromMs: 2_000, toMs: 2_000 + dropped * 20, cause: 'no-recorder' },
    ]);
  });
});

/** A TCP relay to the tap that can be cut. */
async function breakableWay(to: { host: string; port: number }) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to.port, to.host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
    sockets.clear();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}
