import { io, type Socket } from 'socket.io-client';
import type { ErrorBody } from '#contract/errors.ts';
import type { Ack, InputOf, OutputOf, PayloadOf, SocketEvent, SocketRequest } from '#contract/socket.ts';
import { ApiError } from './api-client.ts';

// biome-ignore lint/suspicious/noExplicitAny: a client sends requests of every shape; each is checked by its own types.
type AnyRequest = SocketRequest<any, any>;

/** One socket of a browser, over WebSocket only. */
export class SocketClient {
  readonly #socket: Socket;
  readonly #seen: { event: string; payload: unknown }[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.onAny((event: string, payload: unknown) => this.#seen.push({ event, payload }));
  }

  /** Error ApiError with what the server refused the handshake for. */
  static connect(
    url: string,
    who: { cookie: string } | { customerToken: string } | { origin: string; cookie: string },
  ): Promise<SocketClient> {
    const socket = io(url, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      ...('customerToken' in who
        ? { auth: { customerToken: who.customerToken } }
        : {
            extraHeaders: { cookie: who.cookie, ...('origin' in who && { origin: who.origin }) },
          }),
    });
    const client = new SocketClient(socket);
    return new Promise((resolve, reject) => {
      socket.once('connect', () => resolve(client));
      socket.once('connect_error', (error: Error & { data?: ErrorBody }) => {
        socket.close();
        reject(error.data ? new ApiError(0, error.data) : error);
      });
    });
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  async request<R extends AnyRequest>(request: R, input: InputOf<R>): Promise<OutputOf<R>> {
    const ack = await this.raw(request.event, input);
    if (!ack.ok) throw new ApiError(0, ack);
    return request.output.parse(ack.data) as OutputOf<R>;
  }

  /** Anything at all, well-formed or not. */
  raw(event: string, ...input: unknown[]): Promise<Ack<unknown>> {
    return this.#socket.timeout(10_000).emitWithAck(event, ...input) as Promise<Ack<unknown>>;
  }

  /** Sends and wants no answer. */
  emit(event: string, ...input: unknown[]): void {
    this.#socket.emit(event, ...input);
  }

  /** Events of one kind so far, oldest first, each checked against its contract. */
  seen<E extends SocketEvent>(event: E): PayloadOf<E>[] {
    return this.#seen
      .filter((one) => one.event === event.event)
      .map((one) => event.payload.parse(one.payload) as PayloadOf<E>);
  }

  close(): void {
    this.#socket.close();
  }
}
