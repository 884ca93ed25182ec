import { connect, type Socket } from 'node:net';
import {
  ackFrame,
  FrameReader,
  helloFrame,
  maxRtpBytes,
  packetOverheadBytes,
  parseTapMessage,
  type TapItem,
  type TapRefusal,
  type TapWelcome,
  tapProtocolVersion,
} from '#kernel/rtp/tap-protocol.ts';

const connectWithinMs = 3_000;
/** The tap pings every 5 s: three of them missing means that it or the way to it is gone. */
const silentAfterMs = 16_000;
const maxFrameBytes = packetOverheadBytes + maxRtpBytes;

export interface TapConnectionEvents {
  onWelcome(welcome: TapWelcome): void;
  onItem(item: TapItem): void;
  /** Once, after everything that came was handed over. `refused` is set when the tap said why. */
  onClosed(end: ConnectionEnd): void;
}

export interface ConnectionEnd {
  readonly connected: boolean;
  /** Why the tap did not let us in, or put us out. */
  readonly refused: TapRefusal | undefined;
  /** The tap hung up in order. */
  readonly hungUp: boolean;
  readonly reason: string;
}

/** A recorder's end of the tap protocol: shows the lease, hands over what comes, acknowledges what it is told to. */
export class TapConnection {
  readonly #socket: Socket;
  readonly #events: TapConnectionEvents;
  readonly #reader = new FrameReader(maxFrameBytes);
  /** When the tap said something last, by the monotonic clock, ms. */
  heardAt = performance.now();
  #refused: TapRefusal | undefined;
  #connected = false;
  #hungUp = false;
  #reason = 'connection closed';

  constructor(
    to: { host: string; port: number; lease: string },
    self: { readonly workerId: string; readonly spoolId: string },
    events: TapConnectionEvents,
  ) {
    this.#events = events;
    this.#socket = connect({ host: to.host, port: to.port, noDelay: true, keepAlive: true });
    this.#socket.setTimeout(connectWithinMs);
    this.#socket.on('timeout', () => this.close('no word from the tap'));
    this.#socket.on('connect', () => {
      this.#connected = true;
      this.#socket.setTimeout(silentAfterMs);
      this.#socket.write(helloFrame({ version: tapProtocolVersion, lease: to.lease, ...self }));
    });
    this.#socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#reason = error.code ?? error.message;
    });
    this.#socket.on('end', () => {
      this.#hungUp = true;
    });
    this.#socket.on('close', () =>
      events.onClosed({
        connected: this.#connected,
        refused: this.#refused,
        hungUp: this.#hungUp,
        reason: this.#reason,
      }),
    );
  }

  acknowledge(sequence: number): void {
    if (this.#socket.writable) this.#socket.write(ackFrame(sequence));
  }

  /** The disk is behind: the tap keeps what we do not read. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Lets what was written go out, then hangs up; in any case within `withinMs`. */
  end(withinMs: number): void {
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), withinMs);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  close(reason: string): void {
    this.#reason = reason;
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.heardAt = performance.now();
    try {
      this.#reader.push(bytes, (body) => {
        const message = parseTapMessage(body);
        if (message.kind === 'welcome') this.#events.onWelcome(message.welcome);
        else if (message.kind === 'refused') this.#refused = message.reason;
        else if (message.kind !== 'ping') this.#events.onItem(message);
      });
    } catch (error) {
      this.close(`protocol: ${(error as Error).message}`);
    }
  }
}
