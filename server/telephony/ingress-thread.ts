import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { asAppError } from '#kernel/errors.ts';
import { createLog } from '#kernel/log.ts';
import { ArrivalsWriter } from './arrivals.ts';
import {
  type IngressAnswer,
  type IngressOrder,
  type IngressThreadStart,
  sharedMonotonic,
} from './ingress-messages.ts';
import { LegCells } from './leg-cells.ts';
import type { RtpLeg } from './leg-types.ts';
import { PacketFeed } from './packet-feed.ts';
import { createRtpIngress } from './rtp-ingress.ts';

/** How often counters are published, and packets that found no room are tried again, ms. */
const publishEveryMs = 100;

interface OpenLeg {
  readonly leg: RtpLeg;
  readonly cells: LegCells;
}

/** The telephony thread: RTP in, order, RTP out, as {@link openThreadedIngress} tells it. Nothing else happens in it. */
async function run(port: MessagePort, start: IngressThreadStart): Promise<void> {
  const { arrivals, logLevel, ...config } = start;
  const writer = new ArrivalsWriter(arrivals);
  const feed = await PacketFeed.open();
  const clock = sharedMonotonic();
  const ingress = createRtpIngress({ ...config, clock, log: createLog('telephony', logLevel) });
  const legs = new Map<number, OpenLeg>();
  const tell = (answer: IngressAnswer) => port.postMessage(answer);

  async function open({ leg: id, options, cells: memory }: Extract<IngressOrder, { kind: 'open' }>) {
    const cells = new LegCells(memory);
    try {
      const leg = await ingress.openLeg({
        ...options,
        onArrival: (packet, atMs) => {
          if (!cells.shut) writer.push(id, atMs, packet);
        },
        onForward: (packet) => {
          const to = cells.forwardPort;
          if (to !== 0 && !cells.shut) feed.send(packet, to);
        },
      });
      legs.set(id, { leg, cells });
      const { address, port: rtpPort, rtcpPort } = leg;
      tell({ kind: 'opened', leg: id, address, port: rtpPort, rtcpPort });
    } catch (error) {
      const { code, message, details } = asAppError(error);
      tell({ kind: 'refused', leg: id, code, message, details });
    }
  }

  async function close(id: number): Promise<void> {
    const known = legs.get(id);
    legs.delete(id);
    await known?.leg.close();
    if (known) publish(known);
    writer.flush();
    tell({ kind: 'closed', leg: id });
  }

  const publishing = setInterval(() => {
    writer.flush();
    for (const leg of legs.values()) publish(leg);
  }, publishEveryMs);

  async function stop(): Promise<void> {
    clearInterval(publishing);
    await ingress.close();
    feed.close();
    port.close();
  }

  port.on('message', (order: IngressOrder) => {
    if (order.kind === 'open') void open(order);
    else if (order.kind === 'hold') legs.get(order.leg)?.leg.hold(order.on);
    else if (order.kind === 'close') void close(order.leg);
    else void stop();
  });
  tell({ kind: 'ready', feedPort: feed.port });
}

const publish = ({ leg, cells }: OpenLeg): void => cells.publish(leg.stats());

if (parentPort) await run(parentPort, workerData as IngressThreadStart);
