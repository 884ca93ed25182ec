import type { z } from 'zod';
import { type OpenCallRequest, telephonyEndpoints } from '#contract/calls.ts';
import { errorBody } from '#contract/errors.ts';

type Opened = z.output<(typeof telephonyEndpoints)['open']['response']>;
type Shown = z.output<(typeof telephonyEndpoints)['show']['response']>;

/** The server refused; `code` is the contract's. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The telephony side's door of the API, as its contract describes it. */
export interface TelephonyApi {
  open(request: OpenCallRequest, signal: AbortSignal): Promise<Opened>;
  holdLeg(callId: string, legId: string, hold: boolean): Promise<void>;
  end(callId: string): Promise<void>;
  show(callId: string): Promise<Shown>;
}

/** How long an answer may take, ms. */
const ANSWER_MS = 10_000;

/** Throws RefusedError for an answer that is an error, TypeError or DOMException when there is no answer. */
export function telephonyApi(apiUrl: string, key: string): TelephonyApi {
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<unknown> => {
    const timeout = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(new URL(path, apiUrl), {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    const error = errorBody.safeParse(answer).data?.error;
    throw new RefusedError(response.status, error?.code ?? 'unknown', error?.message ?? response.statusText);
  };
  const call = (callId: string, rest = ''): string => `/api/calls/${callId}${rest}`;

  return {
    open: async (request, signal) =>
      telephonyEndpoints.open.response.parse(await ask('POST', '/api/calls', request, signal)),
    holdLeg: async (callId, legId, hold) => {
      await ask('PATCH', call(callId, `/legs/${legId}`), { hold });
    },
    end: async (callId) => {
      await ask('POST', call(callId, '/end'), {});
    },
    show: async (callId) => telephonyEndpoints.show.response.parse(await ask('GET', call(callId))),
  };
}
