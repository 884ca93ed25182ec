import { Worker } from 'node:worker_threads';
import { systemClock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { ArrivalsReader, arrivalsMemory } from './arrivals.ts';
import {
  type IngressAnswer,
  type IngressOrder,
  type IngressThreadStart,
  sharedMonotonic,
} from './ingress-messages.ts';
import { LegCells } from './leg-cells.ts';
import type { RtpIngressLegStats, RtpLegOptions } from './leg-types.ts';
import type { RtpIngressConfig } from './rtp-ingress.ts';

/** How often arrivals are fetched, ms. Nobody waits for them: they are for the recorders, not for the listeners. */
const fetchEveryMs = 10;
/** Further than this from what was thought, the clock has moved, ms; nearer, it only rounds. */
const clockNoiseMs = 2;

export interface ThreadedLegOptions extends Omit<RtpLegOptions, 'onForward' | 'onFirstPacket'> {
  /** As {@link RtpLegOptions.onArrival}, a moment later; `packet` is right only until this returns. */
  onArrival(packet: Buffer, arrivalMs: number): void;
}

export interface ThreadedLeg {
  readonly legId: string;
  /** Where to send RTP and RTCP. */
  readonly address: string;
  readonly port: number;
  readonly rtcpPort: number;
  /** While on hold packets are counted and dropped, from this very moment on. What came before has been handed over. */
  hold(on: boolean): void;
  /** Packets in order, with one SSRC, go to this UDP port on 127.0.0.1 from now on; without a port nowhere. */
  forwardTo(port: number | undefined): void;
  /** At most a tenth of a second old; exact once the leg is closed. */
  stats(): RtpIngressLegStats;
  /** Says BYE, frees the ports, hands over what came until then. Nothing is called back afterwards. */
  close(): Promise<void>;
}

export interface ThreadedIngress {
  /** Forwarded packets come from here, on 127.0.0.1. */
  readonly feedPort: number;
  /** Errors: AppError `media.full`, `media.unavailable`, as {@link RtpIngress.openLeg}. */
  openLeg(options: ThreadedLegOptions): Promise<ThreadedLeg>;
  readonly portsInUse: number;
  /** Packets that were forwarded but never handed over, because this thread stood still for too long. */
  readonly dropped: number;
  /** Closes every leg and ends the thread. */
  close(): Promise<void>;
}

interface KnownLeg {
  readonly options: ThreadedLegOptions;
  readonly cells: LegCells;
  readonly opened: PromiseWithResolvers<{ address: string; port: number; rtcpPort: number }>;
  readonly closed: PromiseWithResolvers<void>;
  isClosing: boolean;
}

/**
 * The door for telephony audio in a thread of its own: whatever this one is busy with (requests, a crowd that joins,
 * garbage), packets are taken in, put in order and sent on to the SFU in the same moment. This thread gets a copy of
 * each for the recorders, in order of arrival. Errors: the thread's, when it cannot start.
 */
export async function openThreadedIngress(config: RtpIngressConfig): Promise<ThreadedIngress> {
  const { listenIp, announcedAddress, portMin, portMax, log, clock = systemClock } = config;
  const memory = arrivalsMemory();
  const arrivals = new ArrivalsReader(memory);
  const start: IngressThreadStart = {
    ...{ listenIp, announcedAddress, portMin, portMax },
    arrivals: memory,
    logLevel: log.level,
  };
  const thread = new Worker(new URL('./ingress-thread.ts', import.meta.url), { workerData: start });
  const order = (what: IngressOrder) => thread.postMessage(what);
  const legs = new Map<number, KnownLeg>();
  const monotonic = sharedMonotonic();
  let last = 0;
  let epoch = clock() - monotonic();
  let fetching: NodeJS.Timeout | undefined;
  let toldDropped = 0;
  let stopping: Promise<void> | undefined;

  const utc = (atMs: number): number => Math.round(epoch + atMs);

  function fetch(): void {
    const before = monotonic();
    const wall = clock();
    const after = monotonic();
    // Two readings that something came between say nothing of each other.
    const now = wall - before;
    if (after - before < 1 && Math.abs(now - epoch) > clockNoiseMs) epoch = now;
    arrivals.drain((id, atMs, packet) => legs.get(id)?.options.onArrival(packet, utc(atMs)));
    if (arrivals.dropped === toldDropped) return;
    log.error({ packets: arrivals.dropped - toldDropped }, 'packets came faster than they could be kept');
    toldDropped = arrivals.dropped;
  }

  function forget(id: number): void {
    legs.delete(id);
    if (legs.size > 0) return;
    clearInterval(fetching);
    fetching = undefined;
  }

  const ready = Promise.withResolvers<number>();
  thread.on('message', (answer: IngressAnswer) => {
    if (answer.kind === 'ready') return ready.resolve(answer.feedPort);
    const known = legs.get(answer.leg);
    if (!known) return;
    if (answer.kind === 'opened') return known.opened.resolve(answer);
    if (answer.kind === 'refused') {
      forget(answer.leg);
      const { code, message, details } = answer;
      return known.opened.reject(new AppError(code, message, details && { details }));
    }
    fetch();
    forget(answer.leg);
    known.closed.resolve();
  });
  const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  let started = false;
  thread.on('error', (error) => {
    if (!started) return ready.reject(error);
    // No call has ears any more: the process is to end and to be started again, as by any other fault of ours.
    throw error;
  });
  const feedPort = await ready.promise;
  started = true;

  function closeLeg(id: number, known: KnownLeg): Promise<void> {
    if (!known.isClosing) {
      known.isClosing = true;
      order({ kind: 'close', leg: id });
    }
    return known.closed.promise;
  }

  async function stop(): Promise<void> {
    await Promise.all(
      [...legs].map(async ([id, known]) => {
        // One that is refused meanwhile is closed already.
        const open = await known.opened.promise.then(
          () => true,
          () => false,
        );
        if (open) await closeLeg(id, known);
      }),
    );
    order({ kind: 'stop' });
    await ended;
  }

  return {
    feedPort,

    get portsInUse() {
      return legs.size * 2;
    },

    get dropped() {
      return arrivals.dropped;
    },

    async openLeg(options) {
      if (stopping) {
        throw new AppError('media.unavailable', 'This server is stopping and takes no more audio.');
      }
      last += 1;
      const id = last;
      const cells = new LegCells();
      const known: KnownLeg = {
        ...{ options, cells },
        opened: Promise.withResolvers(),
        closed: Promise.withResolvers(),
        isClosing: false,
      };
      legs.set(id, known);
      fetching ??= setInterval(fetch, fetchEveryMs);
      const { onArrival: _, ...plain } = options;
      order({ kind: 'open', leg: id, options: plain, cells: cells.memory });
      const { address, port, rtcpPort } = await known.opened.promise;
      return {
        ...{ legId: options.legId, address, port, rtcpPort },
        hold(on) {
          if (known.isClosing) return;
          fetch();
          cells.shut = on;
          order({ kind: 'hold', leg: id, on });
        },
        forwardTo(to) {
          cells.forwardPort = to ?? 0;
        },
        stats() {
          const stats = cells.read(options.legId);
          return { ...stats, lastPacketAt: stats.lastPacketAt && utc(stats.lastPacketAt) };
        },
        close: () => closeLeg(id, known),
      };
    },

    close() {
      stopping ??= stop();
      return stopping;
    },
  };
}
