import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { decodeStereo, loudSpans } from '#support/decoded-audio.ts';
import { eventually } from '#support/eventually.ts';
import type { LegFeed } from '#support/leg-feed.ts';
import { toneFrames } from '#support/leg-feed.ts';
import { RecorderWorld, type TestCall, type WorkerProcess } from '#support/recorder.ts';

describe('two copies of a call', function () {
  this.timeout(60_000);
  let world: RecorderWorld;
  let hosts: string;
  let callId: string;
  let calls = 0;

  before(async () => {
    hosts = await mkdtemp(join(tmpdir(), 'hosts-'));
    world = await RecorderWorld.start({ tapBufferMs: 600_000, copies: 'auto' });
  });
  beforeEach(() => {
    callId = `call_${++calls}`;
  });
  afterEach(() => world.calmDown());
  after(async () => {
    await world.stop();
    await rm(hosts, { recursive: true, force: true });
  });

  const folderOf = (host: string) => join(hosts, `${callId}-${host}`);
  /** A worker with a disk of its own, as on another host. */
  const onHost = (host: string, env: NodeJS.ProcessEnv = {}): Promise<WorkerProcess> =>
    world.startWorker({ WORKER_ID: `${host}_${callId}`, SPOOL_DIR: folderOf(host), ...env });
  const copiesOf = () =>
    world.tap
      .status()
      .find((one) => one.callId === callId)!
      .copies.map(({ workerId }) => workerId);

  async function talk(seconds: number): Promise<{ call: TestCall; frames: Map<LegFeed, Buffer[]> }> {
    const call = await world.openCall(callId);
    const frames = new Map([
      [call.leg('agent', 'PCMU'), await toneFrames('PCMU', 440, seconds)],
      [call.leg('customer', 'PCMU'), await toneFrames('PCMU', 880, seconds)],
    ]);
    return { call, frames };
  }

  async function expectWhole(call: TestCall, within = 30_000): Promise<void> {
    const archived = await world.report('archived', callId, within);
    const { facts } = await world.report('sealed', callId);
    expect(facts.legs.reduce((sum, leg) => sum + leg.packets, 0)).to.equal(call.packets);
    expect({ coverage: facts.coverage, gaps: facts.gaps }).to.deep.equal({ coverage: 1, gaps: [] });
    const audio = await decodeStereo(await world.urlOf(archived));
    for (const samples of [audio.left, audio.right]) {
      const [span, ...more] = loudSpans(samples, audio.rate);
      expect(more, 'silence within the tone').to.be.empty;
      expect(span!.toMs - span!.fromMs).to.be.closeTo(audio.durationMs, 60);
    }
  }

  it('go to two workers, and are one recording, of which both forget their part', async () => {
    const workers = await Promise.all([onHost('a'), onHost('b')]);
    const { call, frames } = await talk(3);
    await eventually(() => expect(copiesOf().sort()).to.deep.equal(workers.map(({ id }) => id).sort()), {
      within: 10_000,
    });
    await call.playInRealTime(frames);
    call.end();
    await expectWhole(call);
    for (const host of ['a', 'b']) {
      await eventually(async () => expect(await world.spoolOf(callId, folderOf(host))).to.be.empty, {
        within: 10_000,
      });
    }
    expect(world.tap.totals()).to.include({ bytes: 0, dropped: 0 });
  });

  it('lose nothing when either worker is killed for good, whichever seals', async () => {
    const [first, second] = await Promise.all([onHost('a'), onHost('b')]);
    const { call, frames } = await talk(4);
    await eventually(() => expect(copiesOf()).to.not.include(null), { within: 10_000 });
    const playing = call.playInRealTime(frames);
    await eventually(() => expect(call.packets).to.be.greaterThan(150));
    const [gone, left] = copiesOf()[0] === first.id ? [first, second] : [second, first];
    gone.kill();
    await playing;
    call.end();
    await expectWhole(call);
    expect((await world.report('sealed', callId)).workerId).to.equal(left.id);
    expect(world.tap.totals().dropped).to.equal(0);
  });

  it('are merged from both disks when each worker was away for a while', async () => {
    const a = await onHost('a');
    const b = await onHost('b');
    const { call, frames } = await talk(9);
    await eventually(() => expect(copiesOf()).to.not.include(null), { within: 10_000 });
    const playing = call.playInRealTime(frames);
    await eventually(() => expect(call.packets).to.be.greaterThan(100));
    a.kill();
    await eventually(() => expect(call.packets).to.be.greaterThan(200));
    const again = await onHost('a');
    await eventually(() => expect(copiesOf()).to.include(again.id), { within: 10_000 });
    b.kill();
    await onHost('b');
    await playing;
    call.end();
    await expectWhole(call);
    for (const host of ['a', 'b']) {
      await eventually(async () => expect(await world.spoolOf(callId, folderOf(host))).to.be.empty, {
        within: 15_000,
      });
    }
  });

  it('become one with one worker, and two again when another comes', async () => {
    const only = await onHost('a');
    const { call, frames } = await talk(5);
    const playing = call.playInRealTime(frames);
    await eventually(() => expect(copiesOf()).to.deep.equal([only.id, null]), { within: 10_000 });
    await eventually(() => expect(world.tap.status()[0]!.copies[1]!.expected).to.be.false);
    const other = await onHost('b');
    await eventually(() => expect(copiesOf()).to.deep.equal([only.id, other.id]), { within: 10_000 });
    only.kill();
    await playing;
    call.end();
    // What the one recorded before the other came lies on its disk alone.
    expect((await world.report('failed', callId)).code).to.equal('seal.holder-away');
    await onHost('a');
    await expectWhole(call);
  });

  it('come from one host, too, where two workers share a spool', async () => {
    const workers = await Promise.all([onHost('a'), onHost('b', { SPOOL_DIR: folderOf('a') })]);
    const { call, frames } = await talk(3);
    await eventually(() => expect(copiesOf()).to.not.include(null), { within: 10_000 });
    const playing = call.playInRealTime(frames);
    await eventually(() => expect(call.packets).to.be.greaterThan(100));
    workers[0]!.kill();
    await playing;
    call.end();
    await expectWhole(call);
    await eventually(async () => expect(await world.spoolOf(callId, folderOf('a'))).to.be.empty);
  });

  it('of an archived call are forgotten by a worker that was away meanwhile', async () => {
    const [a, b] = await Promise.all([onHost('a'), onHost('b')]);
    const { call, frames } = await talk(3);
    await eventually(() => expect(copiesOf()).to.not.include(null), { within: 10_000 });
    await call.playInRealTime(frames);
    a.kill();
    await eventually(() => expect(copiesOf()).to.not.include(a.id));
    call.end();
    await expectWhole(call);
    expect((await world.report('archived', callId)).workerId).to.equal(b.id);
    expect(await world.spoolOf(callId, folderOf('a'))).to.not.be.empty;
    // Under another name: what counts is the disk.
    await onHost('a', { WORKER_ID: `later_${callId}` });
    await eventually(async () => expect(await world.spoolOf(callId, folderOf('a'))).to.be.empty, {
      within: 10_000,
    });
  });

  it('are given to nobody who does not know the workers’ secret', async () => {
    const worker = await onHost('a');
    const { call } = await talk(1);
    call.feeds[0]!.frames(await toneFrames('PCMU', 440, 1));
    await eventually(async () => expect(await world.spoolOf(callId, folderOf('a'))).to.have.length(2), {
      within: 10_000,
    });
    const ask = (path: string, authorization?: string) =>
      fetch(`http://127.0.0.1:${worker.port}/spool/${path}`, {
        ...(authorization ? { headers: { authorization } } : {}),
      });
    expect((await ask(callId)).status).to.equal(401);
    expect((await ask(callId, 'Bearer guess')).status).to.equal(401);
    call.end();
    await world.report('archived', callId);
  });

  it('are taken by the workers that have room, and nobody’s absence ends the call', async () => {
    const noRoom = { SPOOL_LEAST_FREE_MB: '1000000000' };
    const full = await onHost('a', noRoom);
    const { call, frames } = await talk(10);
    const playing = call.playInRealTime(frames);
    await eventually(() => expect(world.copies!.untaken()).to.equal(1), { within: 10_000 });
    expect(copiesOf()).to.deep.equal([null, null]);
    expect((await fetch(`http://127.0.0.1:${full.port}/readyz`)).status).to.equal(503);
    expect(await (await fetch(`http://127.0.0.1:${full.port}/metrics`)).text()).to.match(
      /^cloud_listening_captures_refused\{reason="disk"\} 1$/m,
    );
    const roomy = await onHost('b');
    await eventually(() => expect(copiesOf()).to.deep.equal([roomy.id, null]), { within: 10_000 });
    await eventually(() => expect(world.copies!.untaken()).to.equal(0));
    await playing;
    call.end();
    await expectWhole(call);
  });
});
