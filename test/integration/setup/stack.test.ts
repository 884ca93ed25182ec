import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { startRedis } from '#scripts/embedded/redis.ts';
import { startStack } from '#scripts/embedded/stack.ts';
import { isAlive } from '#scripts/setup/process-state.ts';

describe('the embedded stack', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'stack-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it('keeps in Redis what was answered, over a SIGKILL and over a stop', async () => {
    const first = await startRedis({ dataDir });
    const client = new Redis(first.url, { retryStrategy: () => null });
    client.on('error', () => {});
    await client.set('answered', 'before the kill');
    process.kill(first.process.pid as number, 'SIGKILL');
    await first.stop();
    client.disconnect();

    const second = await startRedis({ dataDir, port: first.port });
    expect(second.url).to.equal(first.url);
    const again = new Redis(second.url);
    expect(await again.get('answered')).to.equal('before the kill');
    await again.set('answered', 'before the stop');
    await again.quit();
    const pid = second.process.pid as number;
    await second.stop();
    expect(isAlive(pid)).to.equal(false);

    const third = await startRedis({ dataDir });
    const last = new Redis(third.url);
    expect(await last.get('answered')).to.equal('before the stop');
    await last.quit();
    await third.stop();
  });

  it('takes another port where its own is taken', async () => {
    const first = await startRedis({ dataDir: join(dataDir, 'a') });
    const second = await startRedis({ dataDir: join(dataDir, 'b'), port: first.port });
    expect(second.port).not.to.equal(first.port);
    await Promise.all([first.stop(), second.stop()]);
  });

  it('starts all three, finds its ports and secrets again, and stops without leaving a process', async () => {
    const { MONGODB_URL: _m, REDIS_URL: _r, S3_ENDPOINT: _s, ...env } = process.env;
    const first = await startStack({ dataDir, env });
    expect(first.services.map(({ name }) => name)).to.have.members(['mongodb', 'redis', 's3']);
    const pids = first.services.map((service) => service.process?.pid as number);
    expect(pids.every(isAlive)).to.equal(true);
    await first.stop();
    expect(pids.filter(isAlive)).to.deep.equal([]);

    const second = await startStack({ dataDir, env });
    expect(second.env).to.deep.equal(first.env);
    await second.stop();
    expect((await stat(join(dataDir, 'secrets.json'))).mode & 0o777).to.equal(0o600);
    const secrets = JSON.parse(await readFile(join(dataDir, 'secrets.json'), 'utf8')) as object;
    expect(Object.values(secrets)).to.include(first.env.S3_SECRET_ACCESS_KEY);
  });

  it('uses what the environment names, and starts nothing of its own for it', async () => {
    const stack = await startStack({
      dataDir,
      env: {
        PATH: '/nowhere',
        MONGODB_URL: 'mongodb://db.example:27017/hall?replicaSet=rs0',
        REDIS_URL: 'redis://cache.example:6379',
        S3_ENDPOINT: 'https://s3.example',
        S3_BUCKET: 'archive',
        S3_ACCESS_KEY_ID: 'key',
        S3_SECRET_ACCESS_KEY: 'secret',
      },
    });
    expect(stack.services.every((service) => service.process === undefined)).to.equal(true);
    expect(stack.env).to.include({
      MONGODB_URL: 'mongodb://db.example:27017/hall?replicaSet=rs0',
      S3_BUCKET: 'archive',
      S3_REGION: 'us-east-1',
      S3_FORCE_PATH_STYLE: 'false',
    });
    await stack.stop();
  });

  it('says which keys an S3_ENDPOINT lacks', async () => {
    const env = { S3_ENDPOINT: 'https://s3.example', S3_BUCKET: 'archive' };
    const reason = await startStack({ dataDir, env }).catch((error: Error) => error.message);
    expect(reason).to.equal('S3_ENDPOINT is given without S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY');
  });
});
