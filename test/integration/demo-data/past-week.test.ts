import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { peaksFile, type RecordingDetail } from '#contract/recordings.ts';
import { createLog } from '#kernel/log.ts';
import { connectMongo, type MongoConnection } from '#kernel/mongo.ts';
import { callIdOf } from '#scripts/demo-data/demo-ids.ts';
import { type PastCall, pastCalls } from '#scripts/demo-data/past-calls.ts';
import { PastWeek } from '#scripts/demo-data/past-week.ts';
import { people } from '#scripts/demo-data/people.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { between, type DecodedAudio, decodeStereo, rms } from '#support/decoded-audio.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const program = fileURLToPath(import.meta.resolve('#scripts/demo-data/main.ts'));
const run = promisify(execFile);

/** A fixed week, so that it is always the same two calls. */
const now = Date.UTC(2026, 2, 13, 12);
/** Spoken parts are at −22 dB, a silent line at −60 dB. */
const spoken = 500;

describe('The demo’s archived week', function () {
  this.timeout(90_000);
  let stores: StackEnv;
  let folder: string;
  let mongo: MongoConnection;
  let server: ServerProcess;
  let cx: PersonClient;
  let calls: PastCall[];
  let told: string[];

  const seed = async (wanted: readonly PastCall[], signal = new AbortController().signal) => {
    const env = { ...process.env, ...stores, SPOOL_DIR: join(folder, 'spool') };
    told = [];
    const tell = (what: string, done: number, of: number) => told.push(`${what} ${done} of ${of}`);
    const week = await PastWeek.open({ mongo, env, log: createLog('test', 'error'), signal, tell });
    await week.archive(wanted);
  };
  const counts = () =>
    Promise.all(['calls', 'recordings', 'hearings'].map((name) => mongo.collection(name).countDocuments()));

  before(async () => {
    [stores, folder] = await Promise.all([freshStores(), mkdtemp(join(tmpdir(), 'past-week-'))]);
    mongo = await connectMongo(stores.MONGODB_URL, createLog('test', 'error'));
    await seedCompany(stores.MONGODB_URL);
    const byLength = pastCalls(now).sort((one, other) => one.seconds - other.seconds);
    const brief = byLength.find(({ codec, heard }) => codec !== 'opus' && heard.some(({ live }) => live))!;
    const natural = byLength.find(({ codec, seconds }) => codec === 'opus' && seconds >= 90)!;
    calls = [brief, natural];
    await seed(calls);
    server = await startServer(stores);
    cx = await PersonClient.signIn(server.url, 'cx');
  });
  after(async () => {
    await server?.stop();
    await mongo?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const recordingOf = async (call: PastCall): Promise<RecordingDetail> => {
    const { recordings } = await cx.recordings.list();
    return cx.recordings.show(recordings.find(({ callId }) => callId === callIdOf(call))!.id);
  };
  const heard = async (call: PastCall): Promise<DecodedAudio> =>
    decodeStereo((await cx.recordings.audio((await recordingOf(call)).id)).url, 8_000);

  it('is listed, with what the calls were about', async () => {
    const { recordings, total } = await cx.recordings.list();
    expect(total).to.equal(2);
    expect(recordings.map(({ callId }) => callId)).to.have.members(calls.map(callIdOf));
    for (const call of calls) {
      const { facts, ...recording } = await recordingOf(call);
      const { lineId, agentId, startedAt } = call;
      expect(recording).to.deep.include({ lineId, agentId, startedAt, state: 'archived', coverage: 1 });
      expect(recording.durationMs).to.be.within(call.seconds * 1_000, call.seconds * 1_000 + 40);
      expect(recording.customerMasked).to.equal(`••••${call.customerNumber.slice(-2)}`);
      expect(recording.agentName?.zh).to.be.a('string');
      expect(facts).to.deep.equal({
        orderId: call.orderId,
        scenarioId: call.scenarioId,
        sku: call.product?.sku,
        product: call.product?.name,
      });
      for (const side of ['agent', 'customer'] as const)
        expect(Math.max(...(recording.thumbnail?.[side] ?? [])), side).to.be.above(20);
      const found = await cx.recordings.list({ q: call.orderId });
      expect(found.recordings.map(({ callId }) => callId)).to.deep.equal([callIdOf(call)]);
    }
  });

  it('replays as two people who take turns, agent left and customer right', async () => {
    for (const call of calls) {
      const { left, right, rate, durationMs } = await heard(call);
      expect(durationMs).to.be.within(call.seconds * 1_000 - 50, call.seconds * 1_000 + 90);
      const alone = { left: 0, right: 0, both: 0 };
      for (let at = 0; at < durationMs; at += 100) {
        const speaks = [left, right].map((side) => rms(between(side, rate, at, at + 100)) > spoken);
        if (speaks[0] && speaks[1]) alone.both++;
        else if (speaks[0]) alone.left++;
        else if (speaks[1]) alone.right++;
      }
      const tenths = durationMs / 100;
      expect(alone.left, call.externalId).to.be.above(tenths / 6);
      expect(alone.right, call.externalId).to.be.above(tenths / 6);
      expect(alone.both, call.externalId).to.be.below(tenths / 6);
    }
  });

  it('has peaks that tell the same as the sound', async () => {
    for (const call of calls) {
      const recording = await recordingOf(call);
      const { peaksUrl } = await cx.recordings.audio(recording.id);
      const peaks = peaksFile.parse(await (await fetch(peaksUrl)).json());
      expect(peaks.durationMs).to.equal(recording.durationMs);
      const { left, right, rate } = await heard(call);
      for (const [side, samples] of [
        ['agent', left],
        ['customer', right],
      ] as const) {
        // A second of speech is loud in both, a second without in neither.
        for (let second = 1; second < call.seconds - 1; second++) {
          const sound = rms(between(samples, rate, second * 1_000, second * 1_000 + 1_000));
          const perSecond = 1_000 / peaks.bucketMs;
          const drawn = peaks.channels[side].slice(second * perSecond, (second + 1) * perSecond);
          if (sound > 2 * spoken) expect(Math.max(...drawn), `${side} at ${second} s`).to.be.above(8);
          if (sound < 40) expect(Math.min(...drawn), `${side} at ${second} s`).to.be.below(3);
        }
      }
    }
  });

  it('knows when the customer was on hold: silence on the right, music on the left', async () => {
    const call = calls[1]!;
    const { gaps } = await recordingOf(call);
    const holds = gaps.filter(({ cause }) => cause === 'hold');
    expect(holds).to.not.be.empty;
    expect(gaps).to.deep.equal(holds);
    const { left, right, rate } = await heard(call);
    for (const { role, fromMs, toMs } of holds) {
      expect(role).to.equal('customer');
      expect(toMs - fromMs).to.be.above(4_000);
      expect(rms(between(right, rate, fromMs + 100, toMs - 100))).to.be.below(2);
      expect(rms(between(left, rate, fromMs + 100, toMs - 100))).to.be.above(100);
    }
  });

  it('says who has heard a call: live in its slot, and since', async () => {
    const [brief] = calls;
    const { heardBy } = await recordingOf(brief!);
    const live = brief!.heard.find((hearing) => hearing.live)!;
    const { name, title } = people.find(({ id }) => id === live.personId)!;
    expect(heardBy).to.deep.include({
      ...{ name, title, at: live.startedAt, until: live.endedAt, live: true, way: 'live' },
    });
    // The test itself has heard it, too.
    expect(heardBy.filter((one) => !one.live)).to.not.be.empty;
    expect(heardBy.length).to.be.at.least(brief!.heard.length);
  });

  it('made again adds nothing, and leaves no spool', async () => {
    const before = await counts();
    await seed(calls);
    expect(told).to.deep.equal([]);
    expect(await counts()).to.deep.equal(before);
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('is made whole by the next run where one was broken off', async () => {
    const before = await counts();
    const { id, sha256 } = await recordingOf(calls[0]!);
    // As it is when a run ends between a recording and the word that all of it is there.
    await mongo.collection('calls').deleteOne({ _id: callIdOf(calls[0]!) as never });
    await seed(calls);
    expect(told).to.deep.equal(['archived calls 0 of 1', 'archived calls 1 of 1']);
    expect(await counts()).to.deep.equal(before);
    expect(await recordingOf(calls[0]!)).to.include({ id, sha256 });
  });

  it('keeps no start waiting where there are calls', async () => {
    const before = await counts();
    const { stdout } = await run(process.execPath, [program, '--archive-newest'], {
      env: { ...process.env, ...stores },
    });
    expect(stdout).to.include('"progress":"reservations"');
    expect(stdout).not.to.include('archived calls');
    expect(await counts()).to.deep.equal(before);
  });

  it('stops when it is told to, and leaves no spool then either', async () => {
    const before = await counts();
    const stop = new AbortController();
    stop.abort();
    const others = pastCalls(now).filter(
      (call) => !calls.some((known) => callIdOf(known) === callIdOf(call)),
    );
    const outcome = await seed(others, stop.signal).then(
      () => 'finished',
      (thrown: Error) => thrown.name,
    );
    expect(outcome).to.equal('AbortError');
    expect(await counts()).to.deep.equal(before);
    expect(await readdir(folder)).to.deep.equal([]);
  });
});
