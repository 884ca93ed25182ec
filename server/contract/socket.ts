import type { z } from 'zod';
import type { ErrorBody } from './errors.ts';

/** One socket.io request: validated payload in, acknowledged answer out. */
export interface SocketRequest<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly event: string;
  readonly summary: string;
  /** A signed-in person, or the holder of a customer link. */
  readonly from: 'person' | 'customer' | 'both';
  readonly input: I;
  readonly output: O;
}

export function socketRequest<I extends z.ZodType, O extends z.ZodType>(
  definition: SocketRequest<I, O>,
): SocketRequest<I, O> {
  return definition;
}

/** One event that the server sends. */
export interface SocketEvent<P extends z.ZodType = z.ZodType> {
  readonly event: string;
  readonly summary: string;
  readonly payload: P;
}

export function socketEvent<P extends z.ZodType>(definition: SocketEvent<P>): SocketEvent<P> {
  return definition;
}

export type Ack<T> = { ok: true; data: T } | ({ ok: false } & ErrorBody);
export type InputOf<R> = R extends SocketRequest<infer I, z.ZodType> ? z.output<I> : never;
export type OutputOf<R> = R extends SocketRequest<z.ZodType, infer O> ? z.output<O> : never;
export type PayloadOf<E> = E extends SocketEvent<infer P> ? z.output<P> : never;
