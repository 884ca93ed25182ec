import { Businesses } from '#domains/businesses/businesses.service.ts';
import { createBusinessesStore } from '#domains/businesses/businesses.store.ts';
import { Identity } from '#domains/identity/identity.service.ts';
import { createPersonsStore } from '#domains/identity/identity.store.ts';
import type { SeatsStore } from '#domains/seats/seats.ports.ts';
import { createSeatsStore } from '#domains/seats/seats.store.ts';
import { systemClock } from '#kernel/clock.ts';
import { createLog } from '#kernel/log.ts';
import { connectMongo } from '#kernel/mongo.ts';
import { company } from './company.ts';
import { people } from './people.ts';
import { type DemoVisit, demoSlots, demoVisits, slotId } from './slots.ts';

/**
 * `node scripts/demo-data/main.ts` with MONGODB_URL: fills the database with the demo company, in the server's own
 * words. What is there already stays; running it again, today or next week, adds what is missing.
 * Progress as JSON lines: `{"progress":"slots","done":120,"of":1680}`.
 */
const url = process.env.MONGODB_URL;
if (!url) {
  process.stderr.write('MONGODB_URL is needed, e.g. mongodb://127.0.0.1:27017/cloud-listening\n');
  process.exit(64);
}

const mongo = await connectMongo(url, createLog('demo-data', 'warn'));
try {
  const now = systemClock();
  await seedCompany();
  await seedSeats(await createSeatsStore(mongo), now);
} finally {
  await mongo.close();
}

function progress(what: string, done: number, of: number): void {
  process.stdout.write(`${JSON.stringify({ progress: what, done, of })}\n`);
}

async function seedCompany(): Promise<void> {
  progress('company', 0, 2);
  const businesses = new Businesses(await createBusinessesStore(mongo), systemClock);
  await businesses.save(company);
  progress('company', 1, 2);
  const identity = new Identity({
    store: await createPersonsStore(mongo),
    ownerMap: (personId) => businesses.ownedBy(personId),
    authMode: 'demo',
    clock: systemClock,
  });
  await identity.save(people);
  progress('company', 2, 2);
}

async function seedSeats(store: SeatsStore, now: number): Promise<void> {
  const wanted = demoSlots(now);
  const from = Math.min(...wanted.map((slot) => slot.startsAt));
  const to = Math.max(...wanted.map((slot) => slot.endsAt));
  const lineIds = company.lines.map((line) => line.id);
  const present = new Set((await store.slotsBetween({ from, to, lineIds })).map((slot) => slot.id));
  const missing = wanted.filter((slot) => !present.has(slot.id));
  progress('slots', wanted.length - missing.length, wanted.length);
  const batch = 250;
  for (let at = 0; at < missing.length; at += batch) {
    const part = missing.slice(at, at + batch);
    await store.insertSlots(
      part.map((slot) => ({
        ...slot,
        plannedBy: 'host',
        idempotencyKey: slot.id,
        requestHash: 'demo-data',
      })),
    );
    progress('slots', wanted.length - missing.length + at + part.length, wanted.length);
  }

  const { attended, booked } = demoVisits(now);
  const visits = [
    ...attended.map((visit) => ({ visit, state: 'attended' as const })),
    ...booked.map((visit) => ({ visit, state: 'confirmed' as const })),
  ];
  for (const [index, { visit, state }] of visits.entries()) {
    await seedVisit(store, visit, state);
    if (index % 10 === 9 || index === visits.length - 1) progress('reservations', index + 1, visits.length);
  }
}

/** Takes the first free seat; what was reserved by an earlier run, or by the person themselves, stays as it is. */
async function seedVisit(
  store: SeatsStore,
  visit: DemoVisit,
  state: 'attended' | 'confirmed',
): Promise<void> {
  const id = slotId(visit.lineId, visit.startsAt);
  const key = `demo-${visit.personId}-${visit.startsAt / 3_600_000}`.slice(0, 64);
  if (await store.reservationByKey(visit.personId, key)) return;
  const slot = await store.slot(id);
  if (!slot) return;
  const taken = await store.seatsTaken(id);
  const seat = Array.from({ length: slot.seats }, (_, index) => index + 1).find((one) => !taken.has(one));
  if (seat === undefined) return;
  const checkedInAt = state === 'attended' ? visit.startsAt - 4 * 60_000 : null;
  await store.insertReservation(
    {
      id: `rsv-${key}`.slice(0, 64),
      slotId: id,
      personId: visit.personId,
      seat,
      state,
      reservedAt: visit.startsAt - 3 * 24 * 3_600_000,
      checkedInAt,
      cancelledAt: null,
      idempotencyKey: key,
      requestHash: 'demo-data',
    },
    slot,
  );
}
