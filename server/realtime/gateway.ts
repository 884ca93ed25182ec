import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Server, type Socket } from 'socket.io';
import type { Person } from '#contract/identity.ts';
import { errorBodyOf } from '#http/error-answer.ts';
import { AppError } from '#kernel/errors.ts';
import { faultOf } from '#kernel/faults.ts';
import type { Log } from '#kernel/log.ts';
import type { Redis } from '#kernel/redis.ts';
import { answerRequest } from './dispatch.ts';
import { unwatchedSafe } from './publisher.ts';
import { type Announcer, rooms, type SocketDoor, type SocketGone, type SocketParty } from './socket-door.ts';
import { TokenBucket } from './token-bucket.ts';
import { TurnOfTheLoop } from './turn-of-the-loop.ts';

export interface GatewayOptions {
  readonly log: Log;
  readonly publisher: Redis;
  readonly subscriber: Redis;
  /** The signed-in person behind a Cookie header, with a mark by which their session can be ended; null for nobody. */
  readonly signedIn: (cookie: string | undefined) => Promise<{ person: Person; sessionMark: string } | null>;
  /** Read again at every request, so that a changed role counts at once. */
  readonly personOf: (personId: string) => Promise<Person | null>;
  /** The lines whose events a person may see. */
  readonly linesOf: (person: Person) => Promise<readonly string[]>;
  /** Pages from elsewhere may not connect; this origin may, besides the server's own. */
  readonly publicUrl: string | undefined;
}

export type CustomerResolver = (token: string) => Promise<{ callId: string } | null>;

interface SocketState {
  party: SocketParty;
  sessionMark: string | null;
}

type PartySocket = Socket<
  Record<string, (...args: unknown[]) => void>,
  Record<string, (...args: unknown[]) => void>,
  Record<string, never>,
  SocketState
>;

/** A request holds media parameters at most: some 20 KB in today's browsers. */
const payloadLimit = 100_000;
/** Requests one socket may make at once, and per second after that. */
const burst = 60;
const perSecond = 20;

const sessionRoom = (mark: string) => `session:${mark}`;

/**
 * The socket door of one instance. Made before the domains, which announce through it; doors are mounted
 * after them; then it opens on the HTTP server. Nothing a client sends can make it throw.
 */
export class Gateway implements Announcer {
  readonly #io: Server;
  readonly #options: GatewayOptions;
  readonly #doors = new Map<string, SocketDoor>();
  readonly #gone: SocketGone[] = [];
  /** What sockets that left still have running: a stop waits for it. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #turn = new TurnOfTheLoop();
  #customerOf: CustomerResolver = async () => null;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#io = new Server({
      serveClient: false,
      maxHttpBufferSize: payloadLimit,
      pingInterval: 10_000,
      pingTimeout: 10_000,
      connectTimeout: 10_000,
      allowRequest: (request, decide) => decide(null, sameOrigin(request, options.publicUrl)),
      adapter: createAdapter(
        unwatchedSafe(options.publisher, options.log),
        unwatchedSafe(options.subscriber, options.log),
        { key: 'cloud-listening' },
      ),
    });
    this.#io.use((socket, next) =>
      this.#admit(socket as PartySocket).then(
        () => next(),
        (thrown) => next(refusal(thrown)),
      ),
    );
    this.#io.on('connection', (socket) => this.#welcome(socket as PartySocket));
  }

  /** Who holds a customer link: given by the calls domain. */
  resolveCustomersWith(resolver: CustomerResolver): void {
    this.#customerOf = resolver;
  }

  /** Throws if two doors answer one event. */
  mount(doors: readonly SocketDoor[]): void {
    for (const door of doors) {
      if (this.#doors.has(door.request.event)) throw new Error(`two doors answer ${door.request.event}`);
      this.#doors.set(door.request.event, door);
    }
  }

  onGone(gone: SocketGone): void {
    this.#gone.push(gone);
  }

  open(server: HttpServer): void {
    this.#io.attach(server);
  }

  /** Sockets of this instance, for the metrics. */
  get connected(): number {
    return this.#io.of('/').sockets.size;
  }

  to: Announcer['to'] = (room, event, payload) => {
    this.#io.to(room).emit(event.event, payload);
  };

  toSocket: Announcer['toSocket'] = (socketId, event, payload) => {
    const here = this.#io.of('/').sockets.get(socketId);
    if (here) here.emit(event.event, payload);
    else this.#io.to(socketId).emit(event.event, payload);
  };

  /** Disconnects the sockets of a session that ended, on every instance. */
  endSession(mark: string): void {
    this.#io.in(sessionRoom(mark)).disconnectSockets(true);
  }

  /**
   * Closes every connection as a lost one, so that clients come back by themselves (to another instance),
   * and waits until what they held is let go. The HTTP server is left to its owner.
   */
  async close(): Promise<void> {
    this.#io.of('/').adapter.close();
    for (const socket of this.#io.of('/').sockets.values()) socket.conn.close();
    this.#io.engine?.close();
    // The last `disconnect` events come in the same turn; what they started is in the set now.
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all(this.#leaving);
  }

  async #admit(socket: PartySocket): Promise<void> {
    const token: unknown = socket.handshake.auth.customerToken;
    if (token !== undefined) {
      const customer =
        typeof token === 'string' && token.length <= 128 ? await this.#customerOf(token) : null;
      if (!customer) throw new AppError('customer-link.unknown', 'This link is not valid.');
      socket.data = {
        party: { kind: 'customer', callId: customer.callId, token: token as string },
        sessionMark: null,
      };
      socket.join(rooms.customer(customer.callId));
      return;
    }
    const signedIn = await this.#options.signedIn(socket.handshake.headers.cookie);
    if (!signedIn) throw new AppError('session.required', 'Please sign in first.');
    const { person, sessionMark } = signedIn;
    const lines = await this.#options.linesOf(person);
    socket.data = { party: { kind: 'person', person }, sessionMark };
    const ofLine = person.role === 'agent' ? rooms.agents : rooms.line;
    socket.join([rooms.person(person.id), sessionRoom(sessionMark), ...lines.map(ofLine)]);
  }

  #welcome(socket: PartySocket): void {
    const bucket = new TokenBucket(burst, perSecond);
    socket.onAny((event: unknown, ...args: unknown[]) => {
      const last = args.at(-1);
      const ack = typeof last === 'function' ? (last as (answer: unknown) => void) : () => {};
      const input = typeof last === 'function' ? args.slice(0, -1) : args;
      const door = typeof event === 'string' ? this.#doors.get(event) : undefined;
      const request = {
        ...{ door, socket, log: this.#options.log },
        event: String(event).slice(0, 64),
        input: input[0],
        allowed: bucket.take(),
        party: () => this.#partyNow(socket),
      };
      this.#turn.begin(() => {
        // Whoever left meanwhile was let go already, and must not come in again.
        if (socket.connected) void answerRequest(request).then((answer) => ack(answer));
      });
    });
    socket.on('disconnect', () => this.#farewell(socket));
  }

  async #partyNow(socket: PartySocket): Promise<SocketParty> {
    const { party } = socket.data;
    if (party.kind === 'customer') return party;
    const person = await this.#options.personOf(party.person.id);
    if (!person) throw new AppError('session.required', 'Please sign in first.');
    return { kind: 'person', person };
  }

  #farewell(socket: PartySocket): void {
    const context = { party: socket.data.party, socketId: socket.id };
    const leaving = Promise.all(
      this.#gone.map(async (gone) => {
        try {
          await gone(context);
        } catch (error) {
          this.#options.log.error({ socketId: socket.id, err: error }, 'letting go of a socket failed');
        }
      }),
    ).then(() => {
      this.#leaving.delete(leaving);
    });
    this.#leaving.add(leaving);
  }
}

/** A refused handshake reaches the client as `connect_error` with our error body in `data`. */
function refusal(thrown: unknown): Error {
  const error = faultOf(thrown);
  return Object.assign(new Error(error.message), { data: errorBodyOf(error) });
}

/** Browsers always send Origin with a WebSocket; clients that are not browsers send none and carry no cookies of others. */
function sameOrigin(request: IncomingMessage, publicUrl: string | undefined): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  if (publicUrl !== undefined && origin === new URL(publicUrl).origin) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
