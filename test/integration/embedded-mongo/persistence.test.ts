import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Document, MongoClient } from 'mongodb';
import { eventually } from '#support/eventually.ts';

const MAIN = fileURLToPath(import.meta.resolve('#scripts/embedded/mongo/main.ts'));

interface Row extends Document {
  _id: number | string;
}

describe('The embedded document server keeps what it acknowledged', function () {
  this.timeout(60_000);
  let folder: string;
  let child: ChildProcess;
  let client: MongoClient;

  async function start(): Promise<void> {
    child = spawn(process.execPath, [MAIN, '--port', '0', '--data', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    const { ready, url } = JSON.parse(line);
    expect(ready).to.equal(true);
    expect(url).to.match(/^mongodb:\/\/127\.0\.0\.1:\d+\/cloud-listening\?directConnection=true$/);
    client = await new MongoClient(url, { serverSelectionTimeoutMS: 5000 }).connect();
  }

  async function stop(signal: NodeJS.Signals): Promise<number | null> {
    await client.close().catch(() => {});
    const gone = once(child, 'exit');
    child.kill(signal);
    return (await gone)[0] as number | null;
  }

  const rows = () => client.db().collection<Row>('rows');

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'embedded-mongo-'));
    await start();
  });
  afterEach(async () => {
    if (child.exitCode === null && child.signalCode === null) await stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('over an orderly stop, with indexes, dropped collections and options', async () => {
    await rows().createIndex({ n: 1 }, { unique: true });
    await rows().createIndex({ at: 1 }, { expireAfterSeconds: 3600 });
    await rows().insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
      { _id: 3, n: 3 },
    ]);
    await rows().updateOne({ _id: 1 }, { $set: { n: 10 } });
    await rows().deleteOne({ _id: 2 });
    await rows().createIndex({ gone: 1 });
    await rows().dropIndex('gone_1');
    await client.db().collection('gone').insertOne({ x: 1 });
    await client.db().collection('gone').drop();
    const before = await rows().indexes();
    expect(await stop('SIGTERM')).to.equal(0);
    await start();
    expect(await rows().find().toArray()).to.deep.equal([
      { _id: 1, n: 10 },
      { _id: 3, n: 3 },
    ]);
    expect(await rows().indexes()).to.deep.equal(before);
    expect((await client.db().listCollections().toArray()).map(({ name }) => name)).to.deep.equal(['rows']);
    const duplicate = await rows()
      .insertOne({ _id: 4, n: 3 })
      .catch((error) => error);
    expect(duplicate).to.have.property('code', 11000);
  });

  it('over SIGKILL in the middle of a stream of writes: nothing acknowledged is lost, nothing appears twice', async () => {
    for (let round = 0; round < 3; round++) {
      const acknowledged: number[] = [];
      const streams = Array.from({ length: 8 }, async (_, stream) => {
        for (let i = 0; ; i++) {
          const _id = round * 1e6 + stream * 1e4 + i;
          await rows().insertOne({ _id });
          await rows().updateOne({ _id: 'count' }, { $inc: { [`r${round}`]: 1 } }, { upsert: true });
          acknowledged.push(_id);
        }
      });
      const ended = Promise.allSettled(streams);
      await eventually(() => acknowledged.length >= 100, { within: 30_000 });
      child.kill('SIGKILL');
      await once(child, 'exit');
      await client.close();
      await ended;
      await start();
      const kept = new Set((await rows().find().toArray()).map(({ _id }) => _id));
      expect(acknowledged.filter((_id) => !kept.has(_id))).to.deep.equal([]);
      const count = (await rows().findOne({ _id: 'count' }))![`r${round}`];
      expect(count).to.be.within(acknowledged.length, acknowledged.length + streams.length);
    }
  });

  it('over a write that was cut off in the middle, whose bytes it puts aside', async () => {
    await rows().insertMany([{ _id: 1 }, { _id: 2 }]);
    await stop('SIGKILL');
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.journal'))!);
    const whole = readFileSync(file);
    appendFileSync(file, whole.subarray(0, 20));
    await start();
    expect(await rows().countDocuments()).to.equal(2);
    expect(statSync(file).size).to.equal(whole.length);
    const aside = readdirSync(folder).find((name) => name.includes('.torn-'))!;
    expect(statSync(join(folder, aside)).size).to.equal(20);
    await rows().insertOne({ _id: 3 });
    await stop('SIGKILL');
    await start();
    expect(await rows().countDocuments()).to.equal(3);
  });

  it('in a journal that does not grow without end: history goes at the next start', async () => {
    await rows().insertOne({ _id: 1, n: 0, text: 'x'.repeat(1000) });
    await Promise.all(Array.from({ length: 300 }, () => rows().updateOne({ _id: 1 }, { $inc: { n: 1 } })));
    const file = join(folder, 'cloud-listening.journal');
    expect(statSync(file).size).to.be.greaterThan(300_000);
    await stop('SIGKILL');
    await start();
    expect(statSync(file).size).to.be.below(3000);
    expect(await rows().findOne()).to.include({ n: 300 });
  });

  it('and ends with the launcher that started it, if that is asked for', async () => {
    await stop('SIGTERM');
    const env = { ...process.env, EXIT_WITH_PARENT: '1' };
    const tied = spawn(process.execPath, [MAIN, '--data', folder], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env,
    });
    await once(createInterface({ input: tied.stdout! }), 'line');
    tied.disconnect();
    expect((await once(tied, 'exit'))[0]).to.equal(0);
  });

  it('for itself: a second server on the same folder does not start', async () => {
    const second = spawn(process.execPath, [MAIN, '--port', '0', '--data', folder], { stdio: 'ignore' });
    const [code] = await once(second, 'exit');
    expect(code).to.not.equal(0);
    expect(await client.db().command({ ping: 1 })).to.include({ ok: 1 });
  });
});
