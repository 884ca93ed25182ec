import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { io } from 'socket.io-client';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

/** Processes whose parent is this one. */
async function childrenOf(pid: number): Promise<number[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(
    all.map(async (one) => {
      const stat = await readFile(`/proc/${one}/stat`, 'utf8').catch(() => '');
      return { one, parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) };
    }),
  );
  return parents.filter(({ parent }) => parent === pid).map(({ one }) => one);
}

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('A stop', function () {
  this.timeout(40_000);
  let stores: StackEnv;
  let server: ServerProcess;

  beforeEach(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    server = await startServer(stores);
  });
  afterEach(() => server.stop());

  it('leaves no process, no connection and no open port behind', async () => {
    const person = await PersonClient.signIn(server.url, 'host');
    const socket = await person.socket();
    const children = await childrenOf(server.pid);
    expect(children, 'the media worker').to.not.be.empty;
    const redis = new Redis(stores.REDIS_URL);
    try {
      const own = async () =>
        String(await redis.client('LIST'))
          .split('\n')
          .filter((line) => line.includes('name=cloud-listening') && line.includes(`db=${redis.options.db} `))
          .length;
      expect(await own()).to.be.above(0);

      const startedAt = performance.now();
      await server.stop();
      expect(performance.now() - startedAt).to.be.below(5_000);
      expect(alive(server.pid)).to.equal(false);
      await eventually(() => expect(children.filter(alive)).to.deep.equal([]));
      await eventually(async () => expect(await own()).to.equal(0));
      await eventually(() => expect(socket.connected).to.equal(false));
      const refused = await new Promise<string>((resolve) => {
        const probe = connect(server.port, '127.0.0.1', () => resolve('connected'));
        probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      });
      expect(refused).to.equal('ECONNREFUSED');
    } finally {
      socket.close();
      redis.disconnect();
    }
    const failed = server.lines.filter((line) => line.includes('stop step failed'));
    expect(failed).to.deep.equal([]);
  });

  it('looks to a browser like a lost connection, so that it comes back by itself', async () => {
    const person = await PersonClient.signIn(server.url, 'host');
    const socket = io(server.url, {
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelay: 50,
      extraHeaders: { cookie: person.api.cookie },
    });
    try {
      const reasons: string[] = [];
      socket.on('disconnect', (reason) => reasons.push(reason));
      await eventually(() => expect(socket.connected).to.equal(true));
      const { port } = server;
      await server.stop();
      await eventually(() => expect(reasons).to.have.length(1));
      expect(reasons[0]).to.not.equal('io server disconnect');
      // The next instance, at the same address, with the same session: sessions outlive processes.
      server = await startServer(stores, { PORT: String(port) });
      await eventually(() => expect(socket.connected).to.equal(true), { within: 10_000 });
    } finally {
      socket.close();
    }
  });

  it('lets a running request end', async () => {
    const { api } = await PersonClient.signIn(server.url, 'host');
    const body = JSON.stringify({ personaId: 'cx' });
    const socket = connect(server.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    const head = [
      'POST /api/session HTTP/1.1',
      'Host: localhost',
      `Cookie: ${api.cookie}`,
      `x-csrf-token: ${api.csrfToken}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, 5)}`);
    // Another request on the same server is answered after that head was read.
    await api.session();

    const stopping = server.stop();
    await eventually(async () => {
      const outcome = await fetch(`${server.url}/healthz`).catch(() => 'refused');
      expect(outcome, 'no new connection is taken').to.equal('refused');
    });
    socket.write(body.slice(5));
    await closed;
    expect(answer)
      .to.match(/^HTTP\/1\.1 200 OK/)
      .and.include('"id":"cx"');
    await stopping;
  });

  it('asked for twice kills at once', async () => {
    const { pid } = server;
    process.kill(pid, 'SIGTERM');
    process.kill(pid, 'SIGINT');
    await eventually(() => expect(alive(pid)).to.equal(false), { within: 5_000 });
  });
});
