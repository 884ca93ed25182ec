import type { BodyOf, Endpoint, ParamsOf, QueryOf, ResponseOf } from '#contract/endpoint.ts';
import type { ErrorBody, ErrorCode } from '#contract/errors.ts';
import { identityEndpoints, type Person, type Session } from '#contract/identity.ts';

/** An answer that was not a success, as the server told it. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(status: number, { error }: ErrorBody) {
    super(`${status} ${error.code}: ${error.message}`);
    this.status = status;
    this.code = error.code;
    this.details = error.details;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a client calls endpoints of every shape; each call is checked by its own types.
export type AnyEndpoint = Endpoint<any, any, any, any>;

export interface CallInput<E> {
  readonly params?: ParamsOf<E>;
  readonly query?: Partial<QueryOf<E>>;
  readonly body?: BodyOf<E>;
}

/** One browser's worth of HTTP: a cookie jar, the CSRF token, and endpoints called by their contract. */
export class ApiClient {
  readonly url: string;
  csrfToken: string | undefined;
  #cookies = new Map<string, string>();

  constructor(url: string) {
    this.url = url;
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** The same session at another instance. */
  at(url: string): ApiClient {
    const other = new ApiClient(url);
    other.csrfToken = this.csrfToken;
    other.#cookies = new Map(this.#cookies);
    return other;
  }

  /** The raw answer, cookies taken in. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#cookies.size > 0 && !headers.has('cookie')) headers.set('cookie', this.cookie);
    const response = await fetch(this.url + path, { ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }

  /** Calls an endpoint and answers what its contract says; throws ApiError, or an error if the answer breaks the contract. */
  async call<E extends AnyEndpoint>(
    endpoint: E,
    input: CallInput<E> = {},
    headers: Record<string, string> = {},
  ): Promise<ResponseOf<E>> {
    const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(String((input.params as Record<string, unknown> | undefined)?.[name])),
    );
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(input.query ?? {})) {
      if (value !== undefined) query.set(name, String(value));
    }
    const changes = endpoint.method !== 'get';
    const response = await this.fetch(query.size > 0 ? `${path}?${query}` : path, {
      method: endpoint.method.toUpperCase(),
      headers: {
        ...(changes && this.csrfToken !== undefined && { 'x-csrf-token': this.csrfToken }),
        ...(input.body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(input.body !== undefined && { body: JSON.stringify(input.body) }),
    });
    if (!response.ok) throw new ApiError(response.status, (await response.json()) as ErrorBody);
    const expected = endpoint.status ?? 200;
    if (response.status !== expected) {
      throw new Error(`${endpoint.id} answered ${response.status} instead of ${expected}`);
    }
    if (expected === 204) return undefined as ResponseOf<E>;
    return endpoint.response.parse(await response.json()) as ResponseOf<E>;
  }

  /** Fetches the session, and with it the CSRF token. */
  async session(): Promise<Session> {
    return this.#keepToken(await this.call(identityEndpoints.session));
  }

  async signIn(personaId: string): Promise<Person> {
    if (this.csrfToken === undefined) await this.session();
    const { person } = this.#keepToken(await this.call(identityEndpoints.signIn, { body: { personaId } }));
    if (!person) throw new Error(`signing in as ${personaId} answered nobody`);
    return person;
  }

  async signOut(): Promise<Session> {
    return this.#keepToken(await this.call(identityEndpoints.signOut));
  }

  #keepToken(session: Session): Session {
    this.csrfToken = session.csrfToken;
    return session;
  }
}
