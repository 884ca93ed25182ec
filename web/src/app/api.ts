import type { z } from 'zod';
import type { Endpoint, ResponseOf } from '#contract/endpoint.ts';
import { ApiError, apiErrorFrom } from './api-error.ts';
import { noteServerDate } from './server-clock.ts';

// biome-ignore lint/suspicious/noExplicitAny: endpoints of every shape pass here; each was checked when it was described.
export type AnyEndpoint = Endpoint<any, any, any, any>;

/** Keys and optionality of what may be sent, with the types that the server reads (coerced numbers stay numbers). */
type Sent<S> = S extends z.ZodType
  ? { [K in keyof z.input<S>]: K extends keyof z.output<S> ? z.output<S>[K] : never }
  : never;

type Part<Name extends string, S> = unknown extends S
  ? { [K in Name]?: never }
  : Record<string, never> extends Sent<S>
    ? { [K in Name]?: Sent<S> }
    : { [K in Name]: Sent<S> };

/** What a call of an endpoint takes: exactly the parts that its description names. */
export type CallInput<E> =
  E extends Endpoint<infer P, infer Q, infer B, z.ZodType>
    ? PartOf<'params', P> & PartOf<'query', Q> & PartOf<'body', B>
    : never;
type PartOf<Name extends string, S extends z.ZodType> = z.ZodType extends S
  ? { [K in Name]?: never }
  : Part<Name, S>;

interface LooseInput {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}

let csrfToken: string | null = null;
let renewCsrfToken: (() => Promise<void>) | null = null;

/** Told by the session: the token that changing requests carry, and how to get a new one when it is stale. */
export function carryCsrfToken(token: string | null, renew: (() => Promise<void>) | null): void {
  csrfToken = token;
  renewCsrfToken = renew;
}

/** `/api/slots/{id}` with its parameters and query filled in. */
export function addressOf(endpoint: AnyEndpoint, input: LooseInput): string {
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = input.params?.[name];
    if (value === undefined) throw new TypeError(`${endpoint.id} needs the parameter ${name}`);
    return encodeURIComponent(String(value));
  });
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined && value !== null) query.set(name, String(value));
  }
  const search = query.toString();
  return search ? `${path}?${search}` : path;
}

/**
 * Calls one endpoint of the contract: `call(seatsEndpoints.reserve, { params: { id }, body: { idempotencyKey } })`.
 * Rejects with ApiError (the server's code, or `client.offline` / `client.timeout` when no answer came).
 */
export async function call<E extends AnyEndpoint>(
  endpoint: E,
  input: CallInput<E>,
  options: { signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<ResponseOf<E>> {
  const loose = input as LooseInput;
  try {
    return (await send(endpoint, loose, options)) as ResponseOf<E>;
  } catch (error) {
    const stale = error instanceof ApiError && error.code === 'session.csrf' && renewCsrfToken;
    if (!stale) throw error;
    // The server restarted or the session was renewed in another tab: fetch the token and try once more.
    await renewCsrfToken?.();
    return (await send(endpoint, loose, options)) as ResponseOf<E>;
  }
}

async function send(
  endpoint: AnyEndpoint,
  input: LooseInput,
  { signal, timeoutMs = 15_000 }: { signal?: AbortSignal; timeoutMs?: number },
): Promise<unknown> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (endpoint.method !== 'get' && csrfToken) headers['x-csrf-token'] = csrfToken;
  if (input.body !== undefined) headers['content-type'] = 'application/json';
  const deadline = AbortSignal.timeout(timeoutMs);
  let response: Response;
  try {
    response = await fetch(addressOf(endpoint, input), {
      method: endpoint.method.toUpperCase(),
      headers,
      credentials: 'same-origin',
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      ...(input.body !== undefined && { body: JSON.stringify(input.body) }),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    const code = deadline.aborted ? 'client.timeout' : 'client.offline';
    throw new ApiError(code, `no answer from ${endpoint.id}`, { cause });
  }
  noteServerDate(response.headers.get('date'));
  const body: unknown = response.status === 204 ? undefined : await response.json().catch(() => undefined);
  if (!response.ok) throw apiErrorFrom(body, response.status);
  return body;
}

/** A fresh key for a command that may be repeated. */
export function newIdempotencyKey(): string {
  return crypto.randomUUID();
}
