import type { SeatsStore } from '#domains/seats/seats.ports.ts';
import type { PlannedSlot } from '#domains/seats/seats.ts';
import { company } from './company.ts';
import type { Tell } from './progress.ts';
import { type DemoVisit, dayMs, demoSlots, demoVisits, hourMs, slotId } from './slots.ts';

/** Slots of one insert: each is a round trip to the database. */
const batch = 500;
/** How long before the slot attended seats were taken, ms. */
const checkedInBeforeMs = 4 * 60_000;

type VisitState = 'attended' | 'confirmed';

/** Adds the slots and reservations that are missing. */
export async function seedSeats(store: SeatsStore, now: number, tell: Tell): Promise<void> {
  await seedSlots(store, demoSlots(now), tell);

  const { attended, booked } = demoVisits(now);
  const visits = [
    ...attended.map((visit) => ({ visit, state: 'attended' as const })),
    ...booked.map((visit) => ({ visit, state: 'confirmed' as const })),
  ];
  tell('reservations', 0, visits.length);
  // Those of one slot take its seats one after the other.
  const bySlot = Map.groupBy(visits, ({ visit }) => slotId(visit.lineId, visit.startsAt));
  let seeded = 0;
  await Promise.all(
    [...bySlot.values()].map(async (ofSlot) => {
      for (const { visit, state } of ofSlot) await seedVisit(store, visit, state);
      seeded += ofSlot.length;
      tell('reservations', seeded, visits.length);
    }),
  );
}

async function seedSlots(store: SeatsStore, wanted: readonly PlannedSlot[], tell: Tell): Promise<void> {
  const last = wanted.at(-1);
  // The last one is always stored last: where it is, all are, and two thousand need not be asked for.
  if (!last || (await store.slot(last.id))) return tell('slots', wanted.length, wanted.length);
  const from = Math.min(...wanted.map((slot) => slot.startsAt));
  const to = Math.max(...wanted.map((slot) => slot.endsAt));
  const lineIds = company.lines.map((line) => line.id);
  const present = new Set((await store.slotsBetween({ from, to, lineIds })).map((slot) => slot.id));
  const missing = wanted.filter((slot) => !present.has(slot.id) && slot !== last);
  let done = wanted.length - missing.length - 1;
  tell('slots', done, wanted.length);
  const parts = Array.from({ length: Math.ceil(missing.length / batch) }, (_, index) =>
    missing.slice(index * batch, (index + 1) * batch),
  );
  for (const part of [...parts, [last]]) {
    const stored = { plannedBy: 'host', requestHash: 'demo-data' };
    await store.insertSlots(part.map((slot) => ({ ...slot, ...stored, idempotencyKey: slot.id })));
    done += part.length;
    tell('slots', done, wanted.length);
  }
}

/** Takes the first free seat. What an earlier run reserved stays as it is, but that a booking has since been attended. */
async function seedVisit(store: SeatsStore, visit: DemoVisit, state: VisitState): Promise<void> {
  const id = slotId(visit.lineId, visit.startsAt);
  const key = `demo-${visit.personId}-${visit.startsAt / hourMs}`.slice(0, 64);
  const checkedInAt = visit.startsAt - checkedInBeforeMs;
  const known = await store.reservationByKey(visit.personId, key);
  if (known) {
    if (state === 'attended')
      await store.move(known.value.id, ['confirmed', 'no-show'], 'attended', { checkedInAt });
    return;
  }
  const slot = await store.slot(id);
  if (!slot) return;
  const taken = await store.seatsTaken(id);
  const seat = Array.from({ length: slot.seats }, (_, index) => index + 1).find((one) => !taken.has(one));
  if (seat === undefined) return;
  await store.insertReservation(
    {
      id: `rsv-${key}`.slice(0, 64),
      slotId: id,
      personId: visit.personId,
      seat,
      state,
      reservedAt: visit.startsAt - 3 * dayMs,
      checkedInAt: state === 'attended' ? checkedInAt : null,
      cancelledAt: null,
      idempotencyKey: key,
      requestHash: 'demo-data',
    },
    slot,
  );
}
