import { RoomClient } from '#support/clients/room-client.ts';
import { sendTone } from '#support/rtp-sender.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import type { World } from './world.ts';

/**
 * From the request to join until the first audio packet of both legs is there: the server's part of
 * click-to-first-audio, by a real ICE, DTLS and SRTP client, one join after the other. Milliseconds.
 */
export async function measureJoin(world: World, joins: number): Promise<Figure[]> {
  const call = await world.telephony.open({ lineId: 'supermarket' });
  const sendings = call.legs.map((leg) =>
    sendTone({ to: leg, hz: leg.role === 'agent' ? 440 : 880, seconds: 900 }),
  );
  const times: number[] = [];
  try {
    await heard(world, call.callId);
    for (let join = 0; join < joins; join++) {
      // A socket of its own for each, as for each person: one socket that asks this often is told to slow down.
      const room = await RoomClient.open(world.host, world.slotId);
      await room.enter();
      const clicked = performance.now();
      const { ears } = await room.listen(call.callId);
      while (ears.streams.length < 2 || ears.streams.some((stream) => stream.firstAt === undefined)) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      times.push(Math.max(...ears.streams.map((stream) => stream.firstAt!)) - clicked);
      room.close();
    }
  } finally {
    await Promise.all(sendings.map((sending) => sending.stop()));
    await world.telephony.end(call.callId);
  }
  return [
    {
      name: `request to first packet of both legs, p50 of ${joins}`,
      value: rounded(percentile(times, 50)),
      unit: 'ms',
    },
    {
      name: `request to first packet of both legs, p95 of ${joins}`,
      value: rounded(percentile(times, 95)),
      unit: 'ms',
    },
  ];
}

/** Until the call can be listened to. */
export async function heard(world: World, callId: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while ((await world.telephony.show(callId)).state !== 'live') {
    if (Date.now() > deadline) throw new Error('the call was not heard within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
