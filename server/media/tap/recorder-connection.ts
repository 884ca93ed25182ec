import type { Socket } from 'node:net';
import {
  FrameReader,
  parseRecorderMessage,
  pingFrame,
  refusedFrame,
  type TapHello,
  type TapRefusal,
  tapProtocolVersion,
  welcomeFrame,
} from '#kernel/rtp/tap-protocol.ts';
import type { BufferCursor, CallBuffer } from './call-buffer.ts';

/** A recorder has nothing longer to say than its hello. */
const maxFrameBytes = 512;
const helloWithinMs = 5_000;
const pingEveryMs = 5_000;

export interface RecorderEvents {
  /** The lease is to be checked; answer by `welcome` or `refuse`. */
  onHello(connection: RecorderConnection, hello: TapHello): void;
  onAck(connection: RecorderConnection, sequence: number): void;
  /** Once, whatever the reason. */
  onClosed(connection: RecorderConnection, reason: string): void;
}

/**
 * One accepted TCP connection. Sends from the call's buffer as fast as the recorder reads, never more than
 * one slice ahead of the socket, so that a slow recorder holds no memory beyond the buffer itself.
 */
export class RecorderConnection {
  readonly #socket: Socket;
  readonly #events: RecorderEvents;
  readonly #reader = new FrameReader(maxFrameBytes);
  #buffer: CallBuffer | undefined;
  #copy = 0;
  #cursor: BufferCursor | undefined;
  #helloTimer: NodeJS.Timeout | undefined;
  #pingTimer: NodeJS.Timeout | undefined;
  #blocked = false;
  #greeted = false;
  #closed = false;
  #reason = 'connection closed';
  #waitingSince: number | undefined;

  constructor(socket: Socket, events: RecorderEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 5_000);
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('drain', () => {
      this.#blocked = false;
      this.flush();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#reason = error.code ?? error.message;
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#onClose());
    this.#helloTimer = setTimeout(() => this.drop('no hello'), helloWithinMs);
  }

  get welcomed(): boolean {
    return this.#buffer !== undefined;
  }

  /** How long the recorder has owed an acknowledgement, ms; 0 when it owes none. */
  owesForMs(now: number): number {
    return this.#waitingSince === undefined ? 0 : now - this.#waitingSince;
  }

  /**
   * Sends everything that this copy has not acknowledged and from now on, at each `flush`, what is new.
   * `known`: legs stated again.
   */
  welcome(callId: string, buffer: CallBuffer, copy: number, known: readonly Buffer[]): void {
    clearTimeout(this.#helloTimer);
    this.#buffer = buffer;
    this.#copy = copy;
    this.#cursor = buffer.open(copy);
    const acknowledged = buffer.reached(copy);
    this.#socket.write(welcomeFrame({ version: tapProtocolVersion, callId, acknowledged }));
    for (const frame of known) this.#socket.write(frame);
    this.#pingTimer = setInterval(() => {
      // A blocked socket has enough to send; pinging it would collect memory.
      if (!this.#blocked) this.#socket.write(pingFrame());
    }, pingEveryMs);
    this.flush();
  }

  flush(): void {
    if (!this.#buffer || !this.#cursor || this.#closed || this.#blocked) return;
    for (;;) {
      const bytes = this.#buffer.read(this.#cursor);
      if (!bytes) return;
      this.#waitingSince ??= performance.now();
      if (!this.#socket.write(bytes)) {
        this.#blocked = true;
        return;
      }
    }
  }

  /** Says why and hangs up. A peer that does not read it is dropped after a second. */
  refuse(reason: TapRefusal): void {
    clearTimeout(this.#helloTimer);
    this.#reason = reason;
    this.#stopSending();
    this.#socket.end(refusedFrame(reason));
    const timer = setTimeout(() => this.#socket.destroy(), 1_000);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  /** The call is complete: lets the last bytes out and hangs up. */
  finish(): void {
    this.#reason = 'finished';
    this.#stopSending();
    this.#socket.end();
  }

  drop(reason: string): void {
    this.#reason = reason;
    this.#stopSending();
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    if (this.#closed) return;
    try {
      this.#reader.push(bytes, (body) => {
        const message = parseRecorderMessage(body);
        if (message.kind === 'ack') {
          if (!this.#buffer) throw new Error('an acknowledgement before the hello');
          if (!this.#closed) this.#acknowledged(message.sequence);
        } else {
          if (this.#greeted) throw new Error('a second hello');
          this.#greeted = true;
          this.#events.onHello(this, message.hello);
        }
      });
    } catch (error) {
      if (this.#buffer) this.drop(`protocol: ${(error as Error).message}`);
      else this.refuse('malformed');
    }
  }

  #acknowledged(sequence: number): void {
    const buffer = this.#buffer!;
    if (!buffer.acknowledge(sequence, this.#copy)) {
      throw new Error('an acknowledgement of what was never sent');
    }
    this.#waitingSince = buffer.reached(this.#copy) >= buffer.sequence ? undefined : performance.now();
    this.#events.onAck(this, sequence);
  }

  #stopSending(): void {
    this.#closed = true;
    clearTimeout(this.#helloTimer);
    clearInterval(this.#pingTimer);
    if (this.#buffer && this.#cursor) this.#buffer.release(this.#cursor);
    this.#cursor = undefined;
  }

  #onClose(): void {
    this.#stopSending();
    this.#events.onClosed(this, this.#reason);
  }
}
