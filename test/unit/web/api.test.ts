import { expect } from 'chai';
import { recordingsEndpoints } from '#contract/recordings.ts';
import { seatsEndpoints } from '#contract/seats.ts';
import { addressOf, call, carryCsrfToken } from '#web/app/api.ts';
import { ApiError } from '#web/app/api-error.ts';

type Answer = (url: string, init: RequestInit) => Response | Promise<Response>;

const json = (body: unknown, status = 200) => Response.json(body, { status });
const refusal = (code: string, status: number) =>
  json({ error: { code, message: 'no', requestId: 'request-1' } }, status);

describe('the client of the contract', () => {
  const realFetch = globalThis.fetch;
  let seen: { url: string; init: RequestInit }[] = [];

  function answerWith(...answers: Answer[]) {
    seen = [];
    globalThis.fetch = async (url, init = {}) => {
      const answer = answers[Math.min(seen.length, answers.length - 1)];
      seen.push({ url: String(url), init });
      if (!answer) throw new Error('no answer was prepared');
      return answer(String(url), init);
    };
  }

  const header = (index: number, name: string) => new Headers(seen[index]?.init.headers).get(name);
  const failure = (promise: Promise<unknown>): Promise<ApiError> =>
    promise.then(
      () => expect.fail('it was answered'),
      (error: unknown) => {
        expect(error).to.be.instanceOf(ApiError);
        return error as ApiError;
      },
    );

  afterEach(() => {
    globalThis.fetch = realFetch;
    carryCsrfToken(null, null);
  });

  it('fills in parameters and leaves out what is not asked for', () => {
    expect(addressOf(seatsEndpoints.show, { params: { id: 'a b' } })).to.equal('/api/slots/a%20b');
    expect(
      addressOf(recordingsEndpoints.list, { query: { lineId: undefined, q: 'wrong size', limit: 30 } }),
    ).to.equal('/api/recordings?q=wrong+size&limit=30');
  });

  it('sends the CSRF token with changes only', async () => {
    carryCsrfToken('token-1', null);
    answerWith(() => json({}));
    await call(seatsEndpoints.mine, {});
    await call(seatsEndpoints.cancel, { params: { id: 'r1' } });
    expect(header(0, 'x-csrf-token')).to.equal(null);
    expect(header(1, 'x-csrf-token')).to.equal('token-1');
  });

  it('fetches a new token once when the old one is stale, and says the same again', async () => {
    carryCsrfToken('old', async () => carryCsrfToken('new', null));
    answerWith(
      () => refusal('session.csrf', 403),
      () => json({ id: 'r1' }),
    );
    await call(seatsEndpoints.cancel, { params: { id: 'r1' } });
    expect([header(0, 'x-csrf-token'), header(1, 'x-csrf-token')]).to.deep.equal(['old', 'new']);
  });

  it('turns a refusal into its code', async () => {
    answerWith(() => refusal('slot.full', 409));
    const body = { idempotencyKey: 'key-12345678' };
    const error = await failure(call(seatsEndpoints.reserve, { params: { id: 's1' }, body }));
    expect(error).to.include({ code: 'slot.full', status: 409, requestId: 'request-1' });
  });

  it('tells no answer from a wrong one', async () => {
    answerWith(() => Promise.reject(new TypeError('fetch failed')));
    expect((await failure(call(seatsEndpoints.mine, {}))).code).to.equal('client.offline');
    answerWith(() => new Response('<html>', { status: 502 }));
    expect((await failure(call(seatsEndpoints.mine, {}))).code).to.equal('client.unexpected');
  });

  it('gives up after its time', async () => {
    answerWith(
      (_, { signal }) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    );
    const error = await failure(call(seatsEndpoints.mine, {}, { timeoutMs: 20 }));
    expect(error.code).to.equal('client.timeout');
  });
});
