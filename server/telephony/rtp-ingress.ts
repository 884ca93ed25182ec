import { type Clock, systemClock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import type { RtpLeg, RtpLegOptions } from './leg-types.ts';
import { PortPairs } from './port-pairs.ts';
import { openRtpLeg, type RtpLegParts } from './rtp-leg.ts';

export type { RefusalReason, RtpIngressLegStats, RtpLeg, RtpLegOptions } from './leg-types.ts';

export interface RtpIngressConfig {
  /** Address that the sockets are bound to. */
  readonly listenIp: string;
  /** What the telephony side is told to send to; the listen address unless told. */
  readonly announcedAddress?: string | undefined;
  /** Both inclusive. Even ports carry RTP, the odd ones above RTCP. Keep out of the kernel's ephemeral range. */
  readonly portMin: number;
  readonly portMax: number;
  readonly log: Log;
  /** UTC ms, for arrival times. */
  readonly clock?: Clock;
}

export interface RtpIngress {
  /** Throws AppError `media.full` when no port is left, `media.unavailable` when the listen address is unusable. */
  openLeg(options: RtpLegOptions): Promise<RtpLeg>;
  readonly portsInUse: number;
  /** Closes every leg. */
  close(): Promise<void>;
}

/** How often legs look whether a receiver report is due, ms. */
const REPORT_TICK_MS = 250;

/**
 * The door for telephony audio: one UDP socket pair per leg. What comes in is checked, put in order and rewritten
 * into one unbroken stream per leg (RFC 3550), so that nothing behind this door need know how its sender behaves.
 */
export function createRtpIngress(config: RtpIngressConfig): RtpIngress {
  const pairs = new PortPairs(config);
  const clock = config.clock ?? systemClock;
  const legs = new Set<RtpLegParts>();
  let ticking: NodeJS.Timeout | undefined;
  let closed = false;

  const tick = (): void => {
    const now = performance.now();
    for (const leg of legs) leg.reportIfDue(now);
  };

  return {
    get portsInUse() {
      return pairs.portsInUse;
    },

    async openLeg(options) {
      if (closed) throw stopping();
      const pair = await pairs.take();
      if (closed) {
        await pair.release();
        throw stopping();
      }
      const parts = openRtpLeg({
        options,
        pair,
        address: config.announcedAddress ?? config.listenIp,
        clock,
        log: config.log,
        onClose: () => {
          legs.delete(parts);
          if (legs.size === 0) {
            clearInterval(ticking);
            ticking = undefined;
          }
        },
      });
      legs.add(parts);
      ticking ??= setInterval(tick, REPORT_TICK_MS);
      return parts.leg;
    },

    async close() {
      closed = true;
      await Promise.all([...legs].map((parts) => parts.leg.close()));
    },
  };
}

const stopping = (): AppError =>
  new AppError('media.unavailable', 'This server is stopping and takes no more audio.');
