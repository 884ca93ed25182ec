import type { z } from 'zod';
import type { BodyOf, Endpoint, ParamsOf, QueryOf, ResponseOf } from '#contract/endpoint.ts';
import type { Person } from '#contract/identity.ts';
import { AppError } from '#kernel/errors.ts';

/** What a handler gets: everything already validated by the endpoint's schemas. */
export interface RouteContext<E> {
  readonly params: ParamsOf<E>;
  readonly query: QueryOf<E>;
  readonly body: BodyOf<E>;
  /** The signed-in person; only with auth `session` (or `none`, where it may be absent). */
  readonly visitor: Person | null;
  /** The signed-in person, or the error `session.required`. */
  person(): Person;
  readonly requestId: string;
  /** Sign-in and sign-out only: replaces the server-side session (new id, new CSRF token). */
  readonly session: SessionControl;
}

export interface SessionControl {
  readonly csrfToken: string;
  signIn(personId: string): Promise<{ csrfToken: string }>;
  signOut(): Promise<{ csrfToken: string }>;
}

// biome-ignore lint/suspicious/noExplicitAny: a list of routes holds endpoints of every shape; each was checked when it was made.
type AnyEndpoint = Endpoint<any, any, any, any>;

export interface Route {
  readonly endpoint: AnyEndpoint;
  readonly handle: (context: RouteContext<AnyEndpoint>) => Promise<unknown>;
}

/** Binds one endpoint of the contract to its use case. */
export function route<E extends Endpoint<z.ZodType, z.ZodType, z.ZodType, z.ZodType>>(
  endpoint: E,
  handle: (context: RouteContext<E>) => Promise<ResponseOf<E>>,
): Route {
  return { endpoint, handle: handle as Route['handle'] };
}

export function requirePerson(visitor: Person | null): Person {
  if (!visitor) throw new AppError('session.required', 'Please sign in first.');
  return visitor;
}
