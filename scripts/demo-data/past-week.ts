import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBookmarksStore } from '#domains/bookmarks/bookmarks.store.ts';
import { createCallsStore } from '#domains/calls/calls.store.ts';
import { createClipsStore } from '#domains/clips/clips.store.ts';
import { createHearingsStore } from '#domains/listening/hearings.store.ts';
import { createRecordingsStore } from '#domains/recordings/recordings.store.ts';
import { systemClock } from '#kernel/clock.ts';
import { storesConfig } from '#kernel/config.ts';
import type { Log } from '#kernel/log.ts';
import type { MongoConnection } from '#kernel/mongo.ts';
import { findOnPath } from '#scripts/setup/run.ts';
import type { ArchiveParts } from './call-archive.ts';
import { callIdOf } from './demo-ids.ts';
import { type PastCall, pastCalls } from './past-calls.ts';
import { notice, type Tell } from './progress.ts';

/** Calls that are there when the demo says that it is ready: every line has one. */
const newest = 12;
/** Without these a past call can neither be spoken nor encoded. */
const programs = ['espeak-ng', 'ffmpeg'];

export interface PastWeekOptions {
  readonly mongo: MongoConnection;
  /** Where the object store is, and SPOOL_DIR. */
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly tell: Tell;
}

type Stores = Pick<ArchiveParts, 'calls' | 'recordings' | 'hearings' | 'moments'>;

/** The archive's past week, made call by call; a call that is there stays as it is. */
export class PastWeek {
  readonly #options: PastWeekOptions;
  readonly #stores: Stores;

  private constructor(options: PastWeekOptions, stores: Stores) {
    this.#options = options;
    this.#stores = stores;
  }

  static async open(options: PastWeekOptions): Promise<PastWeek> {
    const calls = createCallsStore(options.mongo);
    const recordings = createRecordingsStore(options.mongo);
    const hearings = createHearingsStore(options.mongo);
    const moments = {
      bookmarks: createBookmarksStore(options.mongo),
      clips: createClipsStore(options.mongo),
    };
    const all = [calls, recordings, hearings, moments.bookmarks, moments.clips];
    await Promise.all(all.map((store) => store.ready()));
    return new PastWeek(options, { calls, recordings, hearings, moments });
  }

  /** The newest calls, for a start that waits for them. */
  async archiveNewest(): Promise<void> {
    await this.archive(newestOf(pastCalls(systemClock())));
  }

  /** Every call of the past week that is missing, the newest first. Others who want the processor go first. */
  async archiveRest(): Promise<void> {
    // The programs that it starts inherit it.
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
    await this.archive(pastCalls(systemClock()));
  }

  /**
   * Those of these calls that are missing. Throws ConfigError when the environment does not say where the object store
   * is, what archiving threw, and the signal's reason.
   */
  async archive(wanted: readonly PastCall[]): Promise<void> {
    const { env, log, signal, tell } = this.#options;
    const present = new Set((await this.#stores.calls.byIds(wanted.map(callIdOf))).map(({ id }) => id));
    const missing = wanted.filter((call) => !present.has(callIdOf(call)));
    if (missing.length === 0) return;
    const absent: string[] = [];
    for (const program of programs) if (!(await findOnPath(program, env))) absent.push(program);
    if (absent.length > 0) {
      notice(`the past week has no archived calls, for want of ${absent.join(' and ')}`);
      return;
    }
    // Mostly nothing is missing: only a start that archives waits until what it takes is loaded.
    const { archiveCalls } = await import('./call-archive.ts');
    const storage = storesConfig(env);
    const signingKey = env.ARCHIVE_SIGNING_KEY || undefined;
    const spoolDir = await emptySpool(env.SPOOL_DIR);
    tell('archived calls', 0, missing.length);
    try {
      await archiveCalls(missing, { ...this.#stores, storage, signingKey, spoolDir, log, signal }, (done) =>
        tell('archived calls', done, missing.length),
      );
    } finally {
      await rm(spoolDir, { recursive: true, force: true });
    }
  }
}

/** The newest of each line, and then simply the newest. In the order in which they are given. */
function newestOf(calls: readonly PastCall[]): PastCall[] {
  const ofLines = new Set([...Map.groupBy(calls, ({ lineId }) => lineId).values()].map(([first]) => first));
  const others = calls.filter((call) => !ofLines.has(call)).slice(0, Math.max(0, newest - ofLines.size));
  return calls.filter((call) => ofLines.has(call) || others.includes(call));
}

/** A spool beside the recordings worker's, which would take what lies in its own for its own. */
async function emptySpool(workersSpool: string | undefined): Promise<string> {
  if (!workersSpool) return mkdtemp(join(tmpdir(), 'cloud-listening-demo-'));
  const path = `${workersSpool}-demo-data`;
  // An earlier run may have been killed.
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
  return path;
}
