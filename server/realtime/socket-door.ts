import type { z } from 'zod';
import type { Person } from '#contract/identity.ts';
import type { InputOf, OutputOf, PayloadOf, SocketEvent, SocketRequest } from '#contract/socket.ts';

/** Who is on the other end of a socket: a signed-in person, or the holder of a customer link (valid for one call). */
export type SocketParty =
  | { readonly kind: 'person'; readonly person: Person }
  | { readonly kind: 'customer'; readonly callId: string; readonly token: string };

export interface SocketContext<R> {
  readonly input: InputOf<R>;
  readonly party: SocketParty;
  readonly socketId: string;
  /** The person, or the error `session.required` for a customer. */
  person(): Person;
  /** Rooms are plain strings, see `rooms`. They survive until the socket closes. */
  enter(room: string): void;
  exit(room: string): void;
}

// biome-ignore lint/suspicious/noExplicitAny: a list of doors holds requests of every shape; each was checked when it was made.
type AnyRequest = SocketRequest<any, any>;

export interface SocketDoor {
  readonly request: AnyRequest;
  readonly handle: (context: SocketContext<AnyRequest>) => Promise<unknown>;
}

/** Binds one socket request of the contract to its use case. The gateway validates input and maps errors. */
export function socketDoor<R extends SocketRequest<z.ZodType, z.ZodType>>(
  request: R,
  handle: (context: SocketContext<R>) => Promise<OutputOf<R>>,
): SocketDoor {
  return { request, handle: handle as SocketDoor['handle'] };
}

/**
 * Names of socket.io rooms. A person's sockets are put into person, and their lines' rooms (an agent's: into their lines'
 * agents rooms), when they connect.
 */
export const rooms = {
  person: (personId: string) => `person:${personId}`,
  line: (lineId: string) => `line:${lineId}`,
  /** The agents who work on a line: what they are told of listeners is up to the line's notice. */
  agents: (lineId: string) => `agents:${lineId}`,
  slot: (slotId: string) => `slot:${slotId}`,
  customer: (callId: string) => `customer:${callId}`,
} as const;

/** Sends typed events to rooms (all instances, by the Redis adapter) or to one socket. */
export interface Announcer {
  to<E extends SocketEvent>(room: string, event: E, payload: PayloadOf<E>): void;
  toSocket<E extends SocketEvent>(socketId: string, event: E, payload: PayloadOf<E>): void;
}

/** Told when a socket is gone, so that what it held is let go. */
export type SocketGone = (context: { party: SocketParty; socketId: string }) => void | Promise<void>;
