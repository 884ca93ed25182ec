import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { errorBody } from '#contract/errors.ts';
import { seatsEvents } from '#contract/listening.ts';
import { type Stack, startStack } from '#scripts/embedded/stack.ts';
import { childEnv } from '#support/child-env.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { runToEnd } from '#support/run-to-end.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, serverEnv, startServer } from '#support/server-process.ts';

describe('An outage', function () {
  this.timeout(60_000);
  let dataDir: string;
  let stack: Stack;
  let server: ServerProcess;
  let manager: PersonClient;

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'cloud-listening-outage-'));
    // Stores of one's own: they are to be taken away.
    stack = await startStack({ dataDir, env: childEnv() });
    await seedCompany(stack.env.MONGODB_URL);
    server = await startServer(stack.env);
    manager = await PersonClient.signIn(server.url, 'supermarket-manager');
  });
  after(async () => {
    await server?.stop();
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const processOf = (name: string) => {
    const found = stack.services.find((service) => service.name === name)?.process;
    if (!found) throw new Error(`${name} is not a process of this stack`);
    return found;
  };
  const ready = async () => {
    const response = await fetch(`${server.url}/readyz`);
    const { down } = (await response.json()) as { down: string[] };
    return { status: response.status, down };
  };
  const askForLines = async () => {
    const response = await manager.api.fetch('/api/lines');
    return response.ok ? 'ok' : errorBody.parse(await response.json()).error.code;
  };

  for (const name of ['mongodb', 'redis'] as const) {
    it(`of ${name} is told by name, answered with store.unavailable, and over when it is back`, async () => {
      const started = performance.now();
      const child = processOf(name);
      await child.stop();
      try {
        await eventually(async () => expect(await ready()).to.deep.equal({ status: 503, down: [name] }), {
          within: 15_000,
        });
        // What is kept in memory may be answered a little longer.
        await eventually(async () => expect(await askForLines()).to.equal('store.unavailable'), {
          within: 15_000,
        });
        expect((await fetch(`${server.url}/healthz`)).status, 'the process itself is well').to.equal(200);
      } finally {
        await child.start();
      }
      await eventually(async () => expect(await ready()).to.deep.equal({ status: 200, down: [] }), {
        within: 15_000,
      });
      await eventually(async () => expect(await askForLines()).to.equal('ok'), { within: 15_000 });
      expect(performance.now() - started).to.be.below(45_000);
    });
  }

  it('of redis leaves sockets and their news to the instance’s own', async () => {
    const host = await PersonClient.signIn(server.url, 'host');
    const hour = 3_600_000;
    const startsAt = (Math.floor(Date.now() / hour) + 3) * hour;
    const slot = await host.seats.plan({
      lineId: 'supermarket',
      startsAt,
      endsAt: startsAt + hour,
      seats: 2,
    });
    const socket = await manager.socket();
    try {
      await processOf('redis').restart();
      await eventually(async () => expect((await ready()).status).to.equal(200), { within: 15_000 });
      expect(socket.connected).to.equal(true);
      await manager.seats.reserve(slot);
      await eventually(() => expect(socket.seen(seatsEvents.slotChanged).at(-1)).to.include({ taken: 1 }));
    } finally {
      socket.close();
    }
  });

  it('at the start ends the process with a word on what is missing', async () => {
    const env = await serverEnv({ ...stack.env, REDIS_URL: 'redis://127.0.0.1:9' });
    const { code, stdout } = await runToEnd(env);
    expect(code).to.equal(1);
    expect(stdout).to.include('the server did not start').and.include('ECONNREFUSED');
  });
});
