import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';

/** A process of its own full of listeners, so that their cost is not counted as anybody else's. */
interface Order {
  readonly join?: number;
  readonly url?: string;
  readonly slotId?: string;
  readonly callId?: string;
  readonly count?: boolean;
}

let packets = 0;
const rooms: RoomClient[] = [];

async function join(order: Order): Promise<void> {
  // One seat, one presence: each listener is a person of their own.
  for (let index = 0; index < (order.join ?? 0); index++) {
    const person = await PersonClient.signIn(order.url!, `crowd-${index + 1}`);
    const reservation = await person.seats.reserve({ id: order.slotId! });
    await person.seats.checkIn(reservation);
    const room = await RoomClient.open(person, order.slotId!);
    rooms.push(room);
    await room.listen(order.callId, { onPacket: () => packets++, keepPayloads: 0 });
  }
}

process.on('message', (order: Order) => {
  if (order.count) process.send?.(packets);
  else void join(order).then(() => process.send?.('joined'));
});
