import type { Slot } from '#contract/seats.ts';
import type { PersonClient } from './clients/person-client.ts';

/** The supermarket line is left to slots that run already. */
const lineIds = ['electronics', 'delivery', 'fresh-food', 'appliance-installation'];
const stepMs = 300_000;

/**
 * Plans a slot nobody has been in, again and again: short ones that begin within the 15 minutes in which one may check
 * in and come into the room. There are twelve.
 */
export function upcomingSlots(host: PersonClient): () => Promise<Slot> {
  const first = Math.ceil(Date.now() / stepMs) * stepMs;
  let planned = 0;
  return () => {
    const startsAt = first + stepMs * Math.floor(planned / lineIds.length);
    const lineId = lineIds[planned++ % lineIds.length] ?? 'electronics';
    return host.seats.plan({ lineId, startsAt, endsAt: startsAt + stepMs, seats: 5 });
  };
}
