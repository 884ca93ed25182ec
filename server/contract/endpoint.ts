import type { z } from 'zod';
import type { ErrorCode } from './errors.ts';

export type Method = 'get' | 'post' | 'patch' | 'delete';

/** Who may knock: a signed-in person, the telephony side with its bearer key, the holder of a customer link, or anyone. */
export type EndpointAuth = 'session' | 'telephony' | 'customer-link' | 'none';

/**
 * One HTTP endpoint, described once: the server validates with it, the web and the test clients call with it,
 * and the OpenAPI document is generated from it. `path` uses {name} for parameters.
 */
export interface Endpoint<
  P extends z.ZodType = z.ZodType,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
> {
  readonly id: string;
  readonly method: Method;
  readonly path: `/${string}`;
  readonly summary: string;
  readonly auth: EndpointAuth;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly response: R;
  /** Success status, 200 unless told. */
  readonly status?: 200 | 201 | 204;
  /** Codes that this endpoint adds to the ones every endpoint may answer. */
  readonly errors?: readonly ErrorCode[];
}

/** Keeps the literal types of one endpoint's description. */
export function endpoint<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  definition: Endpoint<P, Q, B, R>,
): Endpoint<P, Q, B, R> {
  return definition;
}

export type ParamsOf<E> = E extends Endpoint<infer P, z.ZodType, z.ZodType, z.ZodType> ? z.output<P> : never;
export type QueryOf<E> = E extends Endpoint<z.ZodType, infer Q, z.ZodType, z.ZodType> ? z.output<Q> : never;
export type BodyOf<E> = E extends Endpoint<z.ZodType, z.ZodType, infer B, z.ZodType> ? z.output<B> : never;
export type ResponseOf<E> =
  E extends Endpoint<z.ZodType, z.ZodType, z.ZodType, infer R> ? z.output<R> : never;
