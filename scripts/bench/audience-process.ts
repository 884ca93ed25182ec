import { ApiError } from '#support/clients/api-client.ts';
import type { Heard, JoinOrder, Joins, Order } from './audience.ts';
import type { Attention, CountedStream } from './counted-stream.ts';
import { DirectPath } from './direct-path.ts';
import { JanusListener } from './janus-listener.ts';
import { bareSeat, roomSeat, type Seat } from './seat.ts';

/** The process that `Audience` is told through. AUDIENCE_PROBES: each packet's way is taken, and nothing is kept. */
const probes = process.env.AUDIENCE_PROBES === '1';
/** Of a crowd every seventh's sound is looked at: the look itself is work. */
const lookedAtEvery = 7;
/** So many sign in at the same time, or leave. */
const fewHands = 4;
/** So many subscribe to a Janus at the same time: it takes a second to answer one of them. */
const handsAtJanus = 16;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const seats: Seat[] = [];
const bareSeats: Seat[] = [];
const hearing = new Map<number, { readonly streams: readonly CountedStream[]; close(): void }>();
let travelled: number[] | undefined;
let direct: number[] | undefined;
let begun: {
  readonly at: number;
  readonly streams: readonly CountedStream[];
  readonly packets: number[];
  readonly lost: number[];
};

const attentionOf = (index: number): Attention => ({
  keeps: probes || index % lookedAtEvery === 0,
  ...(probes && { onTravelled: (ms: number) => void travelled?.push(ms) }),
});

/** A few at a time, as they get done. */
async function inParallel(
  count: number,
  work: (index: number) => Promise<void>,
  hands = fewHands,
): Promise<void> {
  let next = 0;
  const hand = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: hands }, hand));
}

async function join({ listeners, callIds, atOnce, withinMs, bare }: JoinOrder): Promise<Joins> {
  const ms: number[] = [];
  const refused: Record<string, number> = {};
  const one = async (index: number, place: number) => {
    if (withinMs > 0) await pause((withinMs * place) / listeners.length);
    const asked = performance.now();
    try {
      const seat = (bare ? bareSeats : seats)[index]!;
      const ears = await seat.join(callIds[place % callIds.length]!, attentionOf(index));
      hearing.set(index, ears);
      ms.push((await ears.heard()) - asked);
    } catch (error) {
      const code = error instanceof ApiError ? error.code : String((error as Error).message).slice(0, 60);
      refused[code] = (refused[code] ?? 0) + 1;
    }
  };
  if (atOnce) await Promise.all(listeners.map(one));
  else for (const [place, index] of listeners.entries()) await one(index, place);
  return { ms, refused };
}

function begin(): void {
  const streams = [...hearing.values()].flatMap((ears) => ears.streams);
  travelled = [];
  direct = [];
  begun = {
    at: performance.now(),
    streams,
    packets: streams.map(({ packets }) => packets),
    lost: streams.map(({ lost }) => lost),
  };
}

function tell(): Heard {
  const { at, streams } = begun;
  const elapsed = (performance.now() - at) / 1_000;
  const packets = streams.reduce((sum, stream, place) => sum + stream.packets - begun.packets[place]!, 0);
  const lost = streams.reduce((sum, stream, place) => sum + stream.lost - begun.lost[place]!, 0);
  const looked = streams.filter(({ keeps }) => keeps);
  const heard: Heard = {
    listeners: hearing.size,
    packets,
    lost,
    // What is under way counts as there: a packet a stream.
    missing: Math.max(0, Math.floor(elapsed * 50 - 1) * streams.length - packets),
    travelledMs: travelled ?? [],
    directMs: direct ?? [],
    wrong: looked.filter((stream) => !stream.isTheTone()).length,
    lookedAt: looked.length,
  };
  travelled = undefined;
  direct = undefined;
  return heard;
}

async function leave(): Promise<void> {
  const present = [...hearing.keys()];
  for (const ears of hearing.values()) ears.close();
  hearing.clear();
  await inParallel(present.length, async (place) => {
    const index = present[place]!;
    await Promise.all([seats[index]?.leave(), bareSeats[index]?.leave()]);
  });
}

async function watch(url: string, count: number): Promise<number[]> {
  const address = process.env.LISTENER_ADDRESS ?? '127.0.0.1';
  const took: number[] = [];
  const one = async (index: number) => {
    const from = performance.now();
    hearing.set(index, await JanusListener.watch(url, address, attentionOf(index)));
    took.push(performance.now() - from);
  };
  await inParallel(count, one, handsAtJanus);
  return took;
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'open':
      return inParallel(order.count, async (index) => {
        seats[index] = await roomSeat(order.url, `crowd-${order.from + index}`, order.slotId);
      });
    case 'open-bare':
      return inParallel(order.count, async (index) => {
        bareSeats[index] = await bareSeat(order.url);
      });
    case 'open-direct':
      await DirectPath.open((ms) => void direct?.push(ms));
      return undefined;
    case 'join':
      return join(order);
    case 'begin':
      return begin();
    case 'tell':
      return tell();
    case 'watch':
      return watch(order.url, order.count);
    case 'leave':
      return leave();
  }
}

process.on('disconnect', () => process.exit(0));
process.on('message', (order: Order) => {
  obey(order).then(
    (done) => process.send?.({ done }),
    (error: unknown) => process.send?.({ failed: String((error as Error).stack ?? error) }),
  );
});
