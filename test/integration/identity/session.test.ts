import { expect } from 'chai';
import type { ErrorBody } from '#contract/errors.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { ApiClient, type ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { SocketClient } from '#support/clients/socket-client.ts';
import { eventually } from '#support/eventually.ts';
import { runToEnd } from '#support/run-to-end.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, serverEnv, startServer } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const errorOf = async (response: Response) => ((await response.json()) as ErrorBody).error;
const json = { 'content-type': 'application/json' };

describe('Signing in', function () {
  this.timeout(30_000);
  let stores: StackEnv;
  let server: ServerProcess;
  let other: ServerProcess;

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    [server, other] = await Promise.all([startServer(stores), startServer(stores)]);
  });
  after(() => Promise.all([server?.stop(), other?.stop()]));

  it('offers the people of the company as personas, with the scope the owner map gives them', async () => {
    const response = await fetch(`${server.url}/api/personas`);
    const { personas } = (await response.json()) as {
      personas: { id: string; lineIds: string[]; role: string }[];
    };
    expect(personas).to.have.length(18);
    const lines = (id: string) => personas.find((one) => one.id === id)?.lineIds;
    expect(lines('supermarket-manager')).to.deep.equal(['supermarket']);
    expect(lines('retail-executive')).to.have.members([
      'supermarket',
      'electronics',
      'appliance-installation',
      'fresh-food',
      'delivery',
    ]);
    expect(lines('agent-2')).to.deep.equal(['supermarket', 'delivery']);
  });

  it('begins with a session that belongs to nobody and carries the CSRF token', async () => {
    const api = new ApiClient(server.url);
    const session = await api.session();
    expect(session).to.deep.include({ person: null, authMode: 'demo' });
    expect(session.csrfToken).to.have.length(32);
    expect(await api.session(), 'asked again').to.deep.equal(session);
  });

  it('lasts over requests and instances', async () => {
    const manager = await PersonClient.signIn(server.url, 'supermarket-manager');
    expect((await manager.api.session()).person).to.deep.equal(manager.person);
    expect((await manager.at(other.url).api.session()).person?.id).to.equal('supermarket-manager');
    expect((await manager.businesses.lines()).lines.map(({ id }) => id)).to.deep.equal(['supermarket']);
    expect((await manager.businesses.tree()).businesses).to.have.length.above(30);
  });

  it('sets a cookie that scripts cannot read and other sites cannot send along', async () => {
    const response = await fetch(`${server.url}/api/session`);
    const [cookie = ''] = response.headers.getSetCookie();
    expect(cookie)
      .to.match(/; HttpOnly/i)
      .and.match(/; SameSite=Lax/i)
      .and.match(/; Path=\//i);
  });

  it('changes the session’s id, so that one planted before is worth nothing', async () => {
    const api = new ApiClient(server.url);
    const before = await api.session();
    const planted = api.cookie;
    await api.signIn('cx');
    expect(api.cookie).to.not.equal(planted);
    expect(api.csrfToken).to.not.equal(before.csrfToken);
    const attacker = await fetch(`${server.url}/api/lines`, { headers: { cookie: planted } });
    expect(attacker.status).to.equal(401);
  });

  it('is refused without the token of one’s own session', async () => {
    const other = new ApiClient(server.url);
    const foreign = (await other.session()).csrfToken;
    const api = new ApiClient(server.url);
    await api.session();
    for (const token of [undefined, 'wrong', foreign]) {
      const response = await api.fetch('/api/session', {
        method: 'POST',
        headers: { ...json, ...(token !== undefined && { 'x-csrf-token': token }) },
        body: JSON.stringify({ personaId: 'cx' }),
      });
      expect(response.status).to.equal(403);
      expect(await errorOf(response)).to.include({ code: 'session.csrf' });
    }
  });

  it('does not open changing requests to a cookie alone', async () => {
    const host = await PersonClient.signIn(server.url, 'host');
    for (const [method, path] of [
      ['POST', '/api/slots'],
      ['POST', '/api/slots/slot_x/reservations'],
      ['POST', '/api/reservations/rsv_x/cancel'],
      ['DELETE', '/api/session'],
    ] as const) {
      const response = await host.api.fetch(path, {
        method,
        headers: json,
        body: method === 'POST' ? '{}' : null,
      });
      expect(response.status, path).to.equal(403);
      expect((await errorOf(response)).code).to.equal('session.csrf');
    }
    expect((await host.api.session()).person?.id).to.equal('host');
  });

  it('as somebody unknown is not found, and counts: guessing is stopped', async () => {
    const api = new ApiClient(server.url);
    await api.session();
    const codes = new Set<string>();
    await eventually(
      async () => {
        codes.add(
          await api.signIn('nobody').then(
            () => 'signed-in',
            (error: ApiError) => error.code,
          ),
        );
        expect(codes).to.include('rate.limited');
      },
      { within: 10_000, every: 0 },
    );
    expect([...codes]).to.deep.equal(['not-found', 'rate.limited']);
  });

  it('is needed wherever the contract says so', async () => {
    const api = new ApiClient(server.url);
    await api.session();
    for (const path of [
      '/api/lines',
      '/api/businesses',
      '/api/reservations',
      '/api/slots?from=0&to=1',
      '/api/operations',
    ]) {
      const response = await api.fetch(path);
      expect(response.status, path).to.equal(401);
      expect((await errorOf(response)).code).to.equal('session.required');
    }
  });
});

describe('Signing out', function () {
  this.timeout(30_000);
  let server: ServerProcess;
  let other: ServerProcess;

  before(async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    [server, other] = await Promise.all([startServer(stores), startServer(stores)]);
  });
  after(() => Promise.all([server?.stop(), other?.stop()]));

  it('ends the session for good', async () => {
    const manager = await PersonClient.signIn(server.url, 'supermarket-manager');
    const { cookie } = manager.api;
    expect((await manager.api.signOut()).person).to.equal(null);
    const again = await fetch(`${server.url}/api/lines`, { headers: { cookie } });
    expect(again.status).to.equal(401);
    expect((await manager.api.signIn('cx')).id, 'and another may begin').to.equal('cx');
  });

  it('disconnects the session’s sockets at every instance, and nobody else’s', async () => {
    const manager = await PersonClient.signIn(server.url, 'supermarket-manager');
    const elsewhere = await PersonClient.signIn(server.url, 'supermarket-manager');
    const sockets = [await manager.socket(), await manager.at(other.url).socket()];
    const stays = await elsewhere.socket();
    try {
      await manager.api.signOut();
      await eventually(() => expect(sockets.map(({ connected }) => connected)).to.deep.equal([false, false]));
      expect(stays.connected).to.equal(true);
    } finally {
      for (const socket of [...sockets, stays]) socket.close();
    }
  });

  it('leaves nothing that a socket could be opened with', async () => {
    const manager = await PersonClient.signIn(server.url, 'supermarket-manager');
    const { cookie } = manager.api;
    await manager.api.signOut();
    const refused = await SocketClient.connect(server.url, { cookie }).catch((error: ApiError) => error.code);
    expect(refused).to.equal('session.required');
  });
});

describe('AUTH_MODE', function () {
  this.timeout(30_000);

  it('none offers no personas and signs nobody in', async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    const server = await startServer(stores, { AUTH_MODE: 'none' });
    try {
      const api = new ApiClient(server.url);
      expect(await api.session()).to.include({ authMode: 'none' });
      expect((await api.fetch('/api/personas')).status).to.equal(404);
      expect(await api.signIn('host').catch((error: ApiError) => error.code)).to.equal('not-found');
    } finally {
      await server.stop();
    }
  });

  it('demo is refused in production, before anything is started', async () => {
    const env = await serverEnv(await freshStores(), { NODE_ENV: 'production', AUTH_MODE: 'demo' });
    const { code, stderr } = await runToEnd(env);
    expect(code).to.equal(1);
    expect(stderr).to.include('AUTH_MODE=demo').and.include('refused with NODE_ENV=production');
  });

  it('in production sets the cookie Secure, for requests that came in over TLS', async () => {
    const server = await startServer(await freshStores(), { NODE_ENV: 'production', AUTH_MODE: 'none' });
    try {
      const overTls = await fetch(`${server.url}/api/session`, { headers: { 'x-forwarded-proto': 'https' } });
      expect(overTls.headers.getSetCookie().join())
        .to.match(/; Secure/i)
        .and.match(/; HttpOnly/i);
      const plain = await fetch(`${server.url}/api/session`);
      expect(plain.headers.getSetCookie(), 'never in the clear').to.deep.equal([]);
    } finally {
      await server.stop();
    }
  });
});
