import { followEvents, followRequests } from '#contract/follow.ts';
import { dispatch } from '#domains/listening/dispatch.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import { anySituation, Dice } from '#support/dispatch-situations.ts';
import { sendTone } from '#support/rtp-sender.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { heard } from './join.bench.ts';
import type { World } from './world.ts';

const withinMs = 15_000;

/**
 * The dispatcher alone: a situation of `size` waiting seats and `size` live calls, settled `rounds` times. And as a
 * listener has it: from the hang-up of the call that `listeners` hear to the moment the next one is offered to each.
 */
export async function measureDispatch(world: World, rounds: number, listeners: number): Promise<Figure[]> {
  return [...settling(500, rounds), ...(await nextCalls(world, listeners))];
}

function settling(size: number, rounds: number): Figure[] {
  const dice = new Dice(4);
  const situations = Array.from({ length: 200 }, () => anySituation(dice, 12, 12));
  const calls = take(
    situations.flatMap((one) => one.calls),
    size,
  ).map((call, n) => ({ ...call, id: `call-${n}` }));
  const seats = take(
    situations.flatMap((one) => one.seats),
    size,
  ).map((seat, n) => ({
    ...seat,
    personId: `person-${n}`,
    waitingSince: seat.waitingSince ?? 0,
  }));
  const situation = { seats, calls, now: situations[0]!.now, seed: 'bench' };
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const from = performance.now();
    dispatch(situation);
    times.push(performance.now() - from);
  }
  const p95 = percentile(times, 95);
  return [
    {
      name: `dispatcher, ${size} seats × ${size} calls, p50`,
      value: rounded(percentile(times, 50)),
      unit: 'ms',
    },
    {
      name: `dispatcher, ${size} seats × ${size} calls, p95`,
      value: rounded(p95),
      unit: 'ms',
      beside: `${rounded((p95 * 1e6) / (size * size))} ns a pair`,
    },
  ];
}

function take<T>(list: readonly T[], size: number): T[] {
  if (list.length < size) throw new Error(`only ${list.length} of ${size}`);
  return list.slice(0, size);
}

async function nextCalls(world: World, listeners: number): Promise<Figure[]> {
  const rooms = await Promise.all(
    Array.from({ length: listeners }, async (_, index) => {
      const person = await PersonClient.signIn(world.server.url, `crowd-${index + 1}`);
      const room = await RoomClient.open(person, world.slotId);
      await room.enter();
      await room.socket.request(followRequests.follow, { slotId: world.slotId, mode: 'line' });
      return room;
    }),
  );
  const live = async () => {
    const call = await world.telephony.open({ lineId: 'supermarket' });
    const tones = call.legs.map((leg) => sendTone({ to: leg, hz: 440, seconds: 300 }));
    await heard(world, call.callId);
    return {
      callId: call.callId,
      hangUp: () => world.telephony.end(call.callId),
      quiet: () => Promise.all(tones.map((tone) => tone.stop())),
    };
  };
  const offered = (callId: string) => (room: RoomClient) =>
    room.socket.seen(followEvents.offered).some((offer) => offer.callId === callId);
  const first = await live();
  await whenEach(rooms, offered(first.callId));
  await Promise.all(rooms.map((room) => room.ask(first.callId)));
  const second = await live();
  const from = performance.now();
  await first.hangUp();
  const times = (await whenEach(rooms, offered(second.callId))).map((at) => at - from);
  for (const room of rooms) room.close();
  await second.hangUp();
  await Promise.all([first.quiet(), second.quiet()]);
  return [
    {
      name: `hang-up to the next call offered, ${listeners} listeners, p50`,
      value: rounded(percentile(times, 50)),
      unit: 'ms',
    },
    {
      name: `hang-up to the next call offered, ${listeners} listeners, p95`,
      value: rounded(percentile(times, 95)),
      unit: 'ms',
    },
  ];
}

/** When it first was true of each, by `performance.now()`. */
async function whenEach(rooms: readonly RoomClient[], is: (room: RoomClient) => boolean): Promise<number[]> {
  const times = new Map<RoomClient, number>();
  const from = performance.now();
  while (times.size < rooms.length) {
    for (const room of rooms) if (!times.has(room) && is(room)) times.set(room, performance.now());
    if (performance.now() - from > withinMs)
      throw new Error(`${rooms.length - times.size} listeners were offered nothing`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return [...times.values()];
}
