import { io, type Socket } from 'socket.io-client';
import type { z } from 'zod';
import type { Ack, InputOf, OutputOf, PayloadOf, SocketEvent, SocketRequest } from '#contract/socket.ts';
import { ApiError, apiErrorOf } from './api-error.ts';

/** `connected`, on the way back, or shut (signed out). Shown to people, so it is never guessed from anything else. */
export type Connection = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** After a refused handshake (a store was away, the session is being renewed) we knock again. Milliseconds. */
const refusedAgainMs = 5_000;

type AnyRequest = SocketRequest<z.ZodType, z.ZodType>;

export interface Realtime {
  /** Sends a request and waits for its answer. Rejects with ApiError; `client.timeout` after `timeoutMs` (8,000). */
  request<R extends AnyRequest>(
    request: R,
    input: InputOf<R>,
    options?: { timeoutMs?: number },
  ): Promise<OutputOf<R>>;
  /** Listens to an event until the returned function is called. Payloads that break the contract are dropped. */
  on<E extends SocketEvent>(event: E, listener: (payload: PayloadOf<E>) => void): () => void;
  readonly connection: Connection;
  /** Told whenever `connection` changes. */
  onConnection(listener: (connection: Connection) => void): () => void;
  close(): void;
}

/** socket.io hands binary over as ArrayBuffer in a browser; the contract speaks of Uint8Array. */
function withBytes(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data;
  const fields = data as Record<string, unknown>;
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof ArrayBuffer) fields[name] = new Uint8Array(value);
  }
  return data;
}

/**
 * Opens the socket of this visitor. A signed-in person is known by the session cookie; the holder of a customer
 * link passes its token.
 */
export function openRealtime(options: { customerToken?: string } = {}): Realtime {
  const socket: Socket = io({
    transports: ['websocket', 'polling'],
    reconnectionDelay: 300,
    reconnectionDelayMax: 3_000,
    auth: options.customerToken === undefined ? {} : { customerToken: options.customerToken },
  });
  let connection: Connection = 'connecting';
  const watchers = new Set<(connection: Connection) => void>();
  const become = (next: Connection) => {
    if (next === connection) return;
    connection = next;
    for (const watcher of watchers) watcher(next);
  };
  socket.on('connect', () => become('connected'));
  socket.on('disconnect', (reason) => {
    // After a refusal or a kick by the server socket.io does not come back by itself.
    if (reason === 'io server disconnect') socket.connect();
    become(reason === 'io client disconnect' ? 'closed' : 'reconnecting');
  });
  socket.io.on('reconnect_attempt', () => become('reconnecting'));
  let again: ReturnType<typeof setTimeout> | undefined;
  socket.on('connect_error', () => {
    // The transport comes back by itself; a handshake that the server refused does not.
    if (socket.active) return;
    become('reconnecting');
    clearTimeout(again);
    again = setTimeout(() => socket.connect(), refusedAgainMs);
  });

  return {
    async request(request, input, { timeoutMs = 8_000 } = {}) {
      let answer: Ack<unknown>;
      try {
        answer = (await socket.timeout(timeoutMs).emitWithAck(request.event, input)) as Ack<unknown>;
      } catch (cause) {
        throw new ApiError('client.timeout', `no answer to ${request.event}`, { cause });
      }
      if (!answer.ok) throw apiErrorOf(answer);
      return withBytes(answer.data) as OutputOf<typeof request>;
    },
    on(event, listener) {
      const receive = (payload: unknown) => {
        const parsed = event.payload.safeParse(payload);
        if (parsed.success) listener(parsed.data as PayloadOf<typeof event>);
        else console.warn(`event ${event.event} broke the contract`, parsed.error.issues);
      };
      socket.on(event.event, receive);
      return () => {
        socket.off(event.event, receive);
      };
    },
    get connection() {
      return connection;
    },
    onConnection(watcher) {
      watchers.add(watcher);
      return () => {
        watchers.delete(watcher);
      };
    },
    close() {
      clearTimeout(again);
      socket.close();
      become('closed');
    },
  };
}
