import { expect } from 'chai';
import { listeningRequests } from '#contract/listening.ts';
import type { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { SocketClient } from '#support/clients/socket-client.ts';
import { eventually } from '#support/eventually.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const refusal = (attempt: Promise<SocketClient>) =>
  attempt.then(
    (socket) => {
      socket.close();
      return 'connected';
    },
    (error: ApiError) => error.code ?? error.message,
  );

describe('The socket door', function () {
  this.timeout(30_000);
  let server: ServerProcess;
  let manager: PersonClient;
  let socket: SocketClient;

  before(async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    server = await startServer(stores);
    manager = await PersonClient.signIn(server.url, 'supermarket-manager');
  });
  after(() => server?.stop());
  beforeEach(async () => {
    socket = await manager.socket();
  });
  afterEach(() => socket.close());

  const ask = async (event: string, ...input: unknown[]) => {
    const ack = await socket.raw(event, ...input);
    return ack.ok ? 'ok' : ack.error.code;
  };

  it('opens to a session, and to no one else', async () => {
    const { cookie } = manager.api;
    expect(await refusal(SocketClient.connect(server.url, { cookie: '' }))).to.equal('session.required');
    const forged = cookie.replace(/\.[^.;]+/, '.AAAA');
    expect(await refusal(SocketClient.connect(server.url, { cookie: forged }))).to.equal('session.required');
    expect(await refusal(SocketClient.connect(server.url, { customerToken: 'guess' }))).to.equal(
      'customer-link.unknown',
    );
  });

  it('opens to pages of our own only', async () => {
    const { cookie } = manager.api;
    const from = (origin: string) => refusal(SocketClient.connect(server.url, { cookie, origin }));
    expect(await from(server.url)).to.equal('connected');
    for (const origin of ['https://elsewhere.example', 'null', 'http://127.0.0.1:1']) {
      expect(await from(origin), origin).to.not.equal('connected');
    }
  });

  it('answers what it does not know, and what is not as agreed, with request.invalid', async () => {
    for (const [event, ...input] of [
      ['no:such-event', {}],
      ['constructor', {}],
      ['__proto__', {}],
      ['room:enter'],
      ['room:enter', null],
      ['room:enter', 'slot'],
      ['room:enter', { slotId: 'a b' }],
      ['room:enter', { slotId: 'slot_1', more: 1 }],
      ['listening:join', { slotId: 'slot_1', rtpCapabilities: { codecs: 'all' } }],
      ['listening:connect', { listeningId: 'l', dtlsParameters: { fingerprints: [] } }],
    ] as const) {
      expect(await ask(event, ...input), `${event} ${JSON.stringify(input)}`).to.equal('request.invalid');
    }
  });

  it('names the fields that are wrong, and gives a request id to quote', async () => {
    const ack = await socket.raw('room:enter', { slotId: 7 });
    expect(ack.ok).to.equal(false);
    if (ack.ok) return;
    expect(ack.error.requestId).to.match(/^req_/);
    expect(ack.error.details).to.have.nested.property('fields[0].path', 'input.slotId');
  });

  it('passes what is as agreed on to its domain', async () => {
    const entering = socket.request(listeningRequests.enter, { slotId: 'slot_none' });
    expect(await entering.catch((error: ApiError) => error.code)).to.equal('not-found');
  });

  it('is not shut by a client that wants no answers or sends nonsense', async () => {
    for (const input of [undefined, null, 7, 'text', [], { deep: { deeper: [] } }])
      socket.emit('room:enter', input);
    socket.emit('nothing at all');
    expect(await ask('room:exit', { slotId: 'slot_1' })).to.not.equal(undefined);
    expect(socket.connected).to.equal(true);
  });

  it('slows down a client that asks too much at once, and nobody beside it', async () => {
    const other = await manager.socket();
    try {
      const answers = await Promise.all(Array.from({ length: 300 }, () => ask('no:such-event')));
      expect(answers.slice(0, 60)).to.not.include('rate.limited');
      expect(answers.slice(60)).to.include('rate.limited');
      expect((await other.raw('no:such-event')).ok).to.equal(false);
      expect(await other.raw('no:such-event')).to.have.nested.property('error.code', 'request.invalid');
      await eventually(async () => expect(await ask('no:such-event')).to.equal('request.invalid'));
    } finally {
      other.close();
    }
  });

  it('closes on a message larger than any that is needed', async () => {
    socket.emit('room:enter', { slotId: 'x'.repeat(150_000) });
    await eventually(() => expect(socket.connected).to.equal(false));
    expect((await fetch(`${server.url}/healthz`)).status).to.equal(200);
  });

  it('counts its open sockets', async () => {
    const open = async () =>
      Number(
        /^cloud_listening_sockets (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1],
      );
    const before = await open();
    const more = await Promise.all([manager.socket(), manager.socket()]);
    expect(await open()).to.equal(before + 2);
    for (const one of more) one.close();
    await eventually(async () => expect(await open()).to.equal(before));
  });
});
