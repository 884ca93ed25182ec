import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '#kernel/log.ts';
import { connectMongo } from '#kernel/mongo.ts';
import { callIdOf } from '#scripts/demo-data/demo-ids.ts';
import type { PastCall } from '#scripts/demo-data/past-calls.ts';
import { PastWeek } from '#scripts/demo-data/past-week.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';

/** Yesterday: what is older than its policy allows would be deleted while a test looks at it. */
const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
const startedAt = Date.parse(`${day}T02:00:00Z`);

/** A call in which two people speak, as the demo's archive has them; what is not told is the same each time. */
export function spokenCall(number: number, about: Partial<PastCall> = {}): PastCall {
  const seconds = about.seconds ?? 60;
  const from = startedAt + number * 3_600_000;
  return {
    externalId: `demo-${day}-${number}`,
    lineId: 'supermarket',
    agentId: 'agent-1',
    scenarioId: 'nappy-size-swap',
    variant: 0,
    language: 'zh',
    codec: 'PCMU',
    seconds,
    startedAt: from,
    endedAt: from + seconds * 1_000,
    orderId: `SO-2048${1_000 + number}`,
    customerNumber: '+8613912345678',
    product: undefined,
    heard: [],
    ...about,
  };
}

/** Puts spoken calls into the archive and the database, in the product's own way; answers their call ids. */
export async function archiveSpoken(stores: StackEnv, calls: readonly PastCall[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spoken-'));
  const log = createLog('test', 'error');
  const mongo = await connectMongo(stores.MONGODB_URL, log);
  try {
    const env = { ...process.env, ...stores, SPOOL_DIR: join(folder, 'spool') };
    const week = await PastWeek.open({
      mongo,
      env,
      log,
      signal: new AbortController().signal,
      tell: () => {},
    });
    await week.archive(calls);
  } finally {
    await mongo.close();
    await rm(folder, { recursive: true, force: true });
  }
  return calls.map(callIdOf);
}
