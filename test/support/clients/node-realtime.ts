import { io, type Socket } from 'socket.io-client';
import type { Ack, InputOf, OutputOf, PayloadOf, SocketEvent, SocketRequest } from '#contract/socket.ts';
import { ApiError, apiErrorOf } from '#web/app/api-error.ts';
import type { Connection, Realtime } from '#web/app/realtime.ts';
import type { PersonClient } from './person-client.ts';

// biome-ignore lint/suspicious/noExplicitAny: as the web's, it takes requests of every shape.
type AnyRequest = SocketRequest<any, any>;

/**
 * What the web's rooms and notes speak through, from Node: a socket that comes back by itself, and can be cut. With
 * `lose` the next request of this kind is handled (or not even sent), and its answer is lost.
 */
export class NodeRealtime implements Realtime {
  readonly #socket: Socket;
  readonly #watchers = new Set<(connection: Connection) => void>();
  #loss: { event: string; before?: () => void; after?: () => void } | null = null;
  connection: Connection = 'connecting';

  constructor(person: PersonClient) {
    this.#socket = io(person.api.url, {
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelay: 100,
      reconnectionDelayMax: 300,
      extraHeaders: { cookie: person.api.cookie },
    });
    this.#socket.on('connect', () => this.#become('connected'));
    this.#socket.on('disconnect', () => this.#become('reconnecting'));
  }

  /** `before` the request goes out, or `after` it was answered: either way the asker hears nothing. */
  lose(request: AnyRequest, when: { before?: () => void; after?: () => void }): void {
    this.#loss = { event: request.event, ...when };
  }

  async request<R extends AnyRequest>(request: R, input: InputOf<R>): Promise<OutputOf<R>> {
    const loss = this.#loss?.event === request.event ? this.#loss : null;
    if (loss) this.#loss = null;
    loss?.before?.();
    let answer: Ack<unknown>;
    try {
      answer = (await this.#socket.timeout(3_000).emitWithAck(request.event, input)) as Ack<unknown>;
    } catch (cause) {
      throw new ApiError('client.timeout', `no answer to ${request.event}`, { cause });
    }
    if (loss) {
      loss.after?.();
      throw new ApiError('client.timeout', `the answer to ${request.event} was lost`);
    }
    if (!answer.ok) throw apiErrorOf(answer);
    return request.output.parse(answer.data) as OutputOf<R>;
  }

  on<E extends SocketEvent>(event: E, listener: (payload: PayloadOf<E>) => void): () => void {
    const receive = (payload: unknown) => listener(event.payload.parse(payload) as PayloadOf<E>);
    this.#socket.on(event.event, receive);
    return () => void this.#socket.off(event.event, receive);
  }

  onConnection(watcher: (connection: Connection) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** The network is gone until `mend`. */
  cut(): void {
    this.#socket.disconnect();
  }

  mend(): void {
    this.#socket.connect();
  }

  close(): void {
    this.#socket.close();
    this.#become('closed');
  }

  #become(connection: Connection): void {
    this.connection = connection;
    for (const watcher of this.#watchers) watcher(connection);
  }
}
