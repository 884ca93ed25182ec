import { Businesses } from '#domains/businesses/businesses.service.ts';
import { createBusinessesStore } from '#domains/businesses/businesses.store.ts';
import { Identity } from '#domains/identity/identity.service.ts';
import { createPersonsStore } from '#domains/identity/identity.store.ts';
import { createRecordingsStore } from '#domains/recordings/recordings.store.ts';
import { createSeatsStore } from '#domains/seats/seats.store.ts';
import { systemClock } from '#kernel/clock.ts';
import { createLog } from '#kernel/log.ts';
import { connectMongo } from '#kernel/mongo.ts';
import { exitWithParent } from '#kernel/parent.ts';
import { company } from './company.ts';
import { seedMeeting } from './meetings.ts';
import { seedRooms } from './past-rooms.ts';
import { people } from './people.ts';
import { tell } from './progress.ts';
import { seedSeats } from './seats.ts';

/**
 * `node scripts/demo-data/main.ts` with MONGODB_URL: fills the database with the demo company, in the server's own
 * words. What is there already stays; running it again, today or next week, adds what is missing.
 *   --archive-newest   and, where no call was ever archived, the newest calls of the past week
 *   --archive-rest     only the calls of the past week that are missing, without haste; until SIGTERM
 * Both want the S3 variables, too. Progress as JSON lines: `{"progress":"slots","done":120,"of":1680}`.
 */
const modes = ['--archive-newest', '--archive-rest'] as const;
type Mode = (typeof modes)[number];

const [argument] = process.argv.slice(2);
const mode = modes.find((one) => one === argument);
const url = process.env.MONGODB_URL;
if (argument !== undefined && mode === undefined) refuse(`${argument} is none of ${modes.join(', ')}`);
if (!url) refuse('MONGODB_URL is needed, e.g. mongodb://127.0.0.1:27017/cloud-listening');

exitWithParent();
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort();
  });
}

const log = createLog('demo-data', 'warn');
const mongo = await connectMongo(url, log);
try {
  if (mode !== '--archive-rest') {
    await seedCompany();
    await seedSeats(await createSeatsStore(mongo), systemClock(), tell);
    await seedRooms(mongo, systemClock());
  }
  if (mode !== undefined) await seedArchive(mode);
} catch (error) {
  if (!stopping.signal.aborted) throw error;
} finally {
  await mongo.close();
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(64);
}

async function seedCompany(): Promise<void> {
  tell('company', 0, 2);
  const businesses = new Businesses(await createBusinessesStore(mongo), systemClock);
  await businesses.save(company);
  tell('company', 1, 2);
  const identity = new Identity({
    store: await createPersonsStore(mongo),
    ownerMap: (personId) => businesses.ownedBy(personId),
    authMode: 'demo',
    clock: systemClock,
  });
  await identity.save(people);
  tell('company', 2, 2);
}

async function seedArchive(which: Mode): Promise<void> {
  if (which === '--archive-newest') {
    // Where there is something to see nobody is kept waiting for more.
    const { total } = await createRecordingsStore(mongo).page({ lineIds: null, words: [] }, null, 1);
    if (total > 0) return;
  }
  // Mostly nothing is missing at a start, and what the archive takes need not be loaded.
  const { PastWeek } = await import('./past-week.ts');
  const week = await PastWeek.open({ mongo, env: process.env, log, signal: stopping.signal, tell });
  // As soon as there is something to meet about, and not only when all of it is there.
  const early = setInterval(() => {
    seedMeeting(mongo, systemClock()).catch((err: unknown) => log.warn({ err }, 'no meeting yet'));
  }, 15_000);
  try {
    await (which === '--archive-newest' ? week.archiveNewest() : week.archiveRest());
  } finally {
    clearInterval(early);
  }
  await seedMeeting(mongo, systemClock());
}
