import { connect } from 'node:net';
import { expect } from 'chai';
import { api } from '#contract/api.ts';
import type { Endpoint } from '#contract/endpoint.ts';
import { errorBody } from '#contract/errors.ts';
import { ApiClient } from '#support/clients/api-client.ts';
import { eventually } from '#support/eventually.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const json = { 'content-type': 'application/json' };

/** Every error has the one shape, with the request's id in body and header. */
const errorOf = async (response: Response) => {
  expect(response.headers.get('content-type')).to.match(/^application\/json/);
  const { error } = errorBody.parse(await response.json());
  expect(error.requestId).to.equal(response.headers.get('x-request-id'));
  expect(error.message).to.match(/^[A-Z].*[.>]$/);
  return { status: response.status, code: error.code, details: error.details };
};

describe('Bad requests', function () {
  this.timeout(30_000);
  let server: ServerProcess;
  let client: ApiClient;

  before(async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    server = await startServer(stores);
    client = new ApiClient(server.url);
    await client.signIn('host');
  });
  after(() => server?.stop());

  const post = (path: string, body: string, headers: Record<string, string> = json) =>
    client.fetch(path, {
      method: 'POST',
      headers: { 'x-csrf-token': client.csrfToken ?? '', ...headers },
      body,
    });

  it('to an address or with a method that does not exist are route.unknown', async () => {
    for (const [method, path] of [
      ['GET', '/api/nothing'],
      ['PUT', '/api/slots'],
      ['DELETE', '/api/slots/slot_1'],
    ] as const) {
      expect(await errorOf(await client.fetch(path, { method }))).to.include({
        status: 404,
        code: 'route.unknown',
      });
    }
  });

  it('with a body that is not JSON are request.malformed', async () => {
    for (const body of ['{"lineId":', 'lineId=1', '[1,', '\u0000']) {
      expect(await errorOf(await post('/api/slots', body)), body).to.include({
        status: 400,
        code: 'request.malformed',
      });
    }
    const coded = await post('/api/slots', '{}', { ...json, 'content-encoding': 'magic' });
    expect(await errorOf(coded)).to.include({ status: 400, code: 'request.malformed' });
  });

  it('with too large a body are request.too-large', async () => {
    const response = await post('/api/slots', JSON.stringify({ lineId: 'x'.repeat(70_000) }));
    expect(await errorOf(response)).to.include({ status: 413, code: 'request.too-large' });
  });

  it('with a path that cannot be decoded are request.malformed', async () => {
    expect(await errorOf(await client.fetch('/api/slots/%E0%A4%A'))).to.include({
      status: 400,
      code: 'request.malformed',
    });
  });

  it('without the body that is needed, or of another type, are request.invalid', async () => {
    expect(await errorOf(await post('/api/slots', '', {}))).to.include({ code: 'request.invalid' });
    const text = await post('/api/slots', '{}', { 'content-type': 'text/plain' });
    expect(await errorOf(text)).to.include({ status: 400, code: 'request.invalid' });
  });

  it('with wrong fields name every one of them', async () => {
    const response = await post(
      '/api/slots',
      JSON.stringify({ lineId: 'a b', startsAt: 'soon', seats: 0, surprise: 1 }),
    );
    const { code, details } = await errorOf(response);
    expect(code).to.equal('request.invalid');
    const fields = (details?.fields ?? []) as { path: string }[];
    const paths = fields.map(({ path }) => path);
    expect(paths).to.include.members([
      'body.lineId',
      'body.startsAt',
      'body.endsAt',
      'body.zone',
      'body.seats',
      'body',
    ]);
  });

  it('with a wrong query or path are request.invalid too', async () => {
    for (const [path, field] of [
      ['/api/slots?from=yesterday&to=1', 'query.from'],
      ['/api/slots?from=1', 'query.to'],
      ['/api/slots?from=1&to=2&lineId=%20', 'query.lineId'],
      ['/api/slots?from=1&from=2&to=3', 'query.from'],
      [`/api/slots/${'x'.repeat(65)}`, 'params.id'],
    ]) {
      const { code, details } = await errorOf(await client.fetch(path ?? ''));
      expect(code, path).to.equal('request.invalid');
      expect(details, path).to.have.nested.property('fields[0].path', field);
    }
  });

  it('that look like operators are values, never queries', async () => {
    const response = await post('/api/session', JSON.stringify({ personaId: { $ne: null } }));
    expect(await errorOf(response)).to.include({ status: 400, code: 'request.invalid' });
    expect(await errorOf(await client.fetch('/api/slots?from[$gt]=0&to=9'))).to.include({
      code: 'request.invalid',
    });
  });

  it('that are not HTTP are told so', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.end('HELO there\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
    });
    expect(answer).to.match(/^HTTP\/1\.1 400 /);
    expect(errorBody.parse(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).error.code).to.equal(
      'request.malformed',
    );
  });

  it('keep a harmless request id of the caller’s, and get one of ours for any other', async () => {
    const kept = await client.fetch('/healthz', { headers: { 'x-request-id': 'trace-12345678' } });
    expect(kept.headers.get('x-request-id')).to.equal('trace-12345678');
    const replaced = await client.fetch('/healthz', { headers: { 'x-request-id': 'a{b}<c>' } });
    expect(replaced.headers.get('x-request-id')).to.match(/^req_[0-9a-z]{26}$/);
  });

  it('to the telephony door without its key are refused, then slowed down', async () => {
    const knock = (key: string | null) =>
      fetch(`${server.url}/api/calls`, {
        method: 'POST',
        headers: { ...json, ...(key !== null && { authorization: key }) },
        body: '{}',
      });
    for (const key of [
      null,
      'Bearer',
      'Bearer wrong',
      `Basic ${testTelephonyKey}`,
      `Bearer ${testTelephonyKey}x`,
    ]) {
      expect(await errorOf(await knock(key)), String(key)).to.include({ status: 401, code: 'telephony.key' });
    }
    expect(await errorOf(await knock(`Bearer ${testTelephonyKey}`)), 'the key opens').to.include({
      code: 'request.invalid',
    });
    await eventually(
      async () => {
        const response = await knock('Bearer guess');
        expect(response.headers.get('retry-after')).to.equal('60');
        expect(await errorOf(response)).to.include({ status: 429, code: 'rate.limited' });
      },
      { every: 0 },
    );
    expect(await errorOf(await knock(`Bearer ${testTelephonyKey}`)), 'the key still opens').to.include({
      code: 'request.invalid',
    });
  });

  it('never come from an endpoint of the contract that nobody mounted', async () => {
    for (const endpoint of Object.values(api).flatMap((group) => Object.values(group) as Endpoint[])) {
      const path = endpoint.path.replace(/\{\w+\}/g, 'x');
      const response = await fetch(server.url + path, { method: endpoint.method.toUpperCase() });
      const { error } = response.ok ? { error: null } : errorBody.parse(await response.json());
      expect(error?.code, endpoint.id).to.not.equal('route.unknown');
    }
  });
});

describe('The doors for machines', function () {
  this.timeout(30_000);
  let server: ServerProcess;

  before(async () => {
    server = await startServer(await freshStores());
  });
  after(() => server?.stop());

  it('answer health, readiness with every vital service, metrics and the OpenAPI document', async () => {
    expect(await (await fetch(`${server.url}/healthz`)).json()).to.deep.equal({ status: 'ok' });
    const ready = (await (await fetch(`${server.url}/readyz`)).json()) as {
      status: string;
      services: { name: string; state: string }[];
    };
    expect(ready.status).to.equal('ready');
    expect(ready.services.map(({ name }) => name)).to.include.members(['mongodb', 'redis']);
    for (const { name, state } of ready.services) expect(state, name).to.not.equal('down');

    const metrics = await fetch(`${server.url}/metrics`);
    expect(metrics.headers.get('content-type')).to.match(/^text\/plain/);
    expect(await metrics.text()).to.match(/^cloud_listening_sockets 0$/m);

    const document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as { openapi: string };
    expect(document.openapi).to.equal('3.1.1');
  });

  it('carry headers that let pages do what ours do, and no more', async () => {
    const { headers } = await fetch(`${server.url}/healthz`);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy)
      .to.include("default-src 'self'")
      .and.include("frame-ancestors 'none'")
      .and.include("object-src 'none'");
    expect(policy).to.match(/media-src 'self' blob: http:\/\/127\.0\.0\.1:\d+/);
    expect(policy).to.not.match(/script-src[^;]*unsafe/);
    expect(headers.get('permissions-policy')).to.include('microphone=(self)');
    expect(headers.has('x-powered-by')).to.equal(false);
    expect(headers.has('strict-transport-security'), 'not over plain HTTP').to.equal(false);
  });
});
