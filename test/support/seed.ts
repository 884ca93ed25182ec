import type { Line } from '#contract/businesses.ts';
import { Businesses } from '#domains/businesses/businesses.service.ts';
import { createBusinessesStore } from '#domains/businesses/businesses.store.ts';
import { Identity } from '#domains/identity/identity.service.ts';
import { createPersonsStore } from '#domains/identity/identity.store.ts';
import type { StoredPerson } from '#domains/identity/identity.ts';
import { systemClock } from '#kernel/clock.ts';
import { createLog } from '#kernel/log.ts';
import { connectMongo } from '#kernel/mongo.ts';
import { company } from '#scripts/demo-data/company.ts';
import { people } from '#scripts/demo-data/people.ts';

/** The demo company and its people in the database, and `extra` people besides; no slots. */
export async function seedCompany(mongoUrl: string, extra: readonly StoredPerson[] = []): Promise<void> {
  const mongo = await connectMongo(mongoUrl, createLog('test-seed', 'error'));
  try {
    const businesses = new Businesses(await createBusinessesStore(mongo), systemClock);
    await businesses.save(company);
    const identity = new Identity({
      store: await createPersonsStore(mongo),
      ownerMap: (personId) => businesses.ownedBy(personId),
      authMode: 'demo',
      clock: systemClock,
    });
    await identity.save([...people, ...extra]);
  } finally {
    await mongo.close();
  }
}

/** People `crowd-1` … `crowd-n` whose scope is one line: listeners, unless told. */
export function crowd(
  size: number,
  lineId: Line['id'],
  role: 'listener' | 'host' = 'listener',
): StoredPerson[] {
  return Array.from({ length: size }, (_, index) => ({
    id: `crowd-${index + 1}`,
    role,
    name: { en: `Listener ${index + 1}`, zh: `听众 ${index + 1}` },
    title: { en: 'Listener', zh: '听众' },
    worksLineIds: [lineId],
  }));
}
