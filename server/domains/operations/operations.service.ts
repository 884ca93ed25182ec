import type { ResponseOf } from '#contract/endpoint.ts';
import type { Person } from '#contract/identity.ts';
import type { operationsEndpoints } from '#contract/operations.ts';
import { requireAbility } from '#domains/identity/require-ability.ts';
import type { Clock } from '#kernel/clock.ts';
import { askProbe, type Probe } from '#kernel/health.ts';
import { startOfDay } from '#kernel/zoned-days.ts';

export type Overview = ResponseOf<typeof operationsEndpoints.overview>;

type Part<K extends keyof Overview> = Overview[K] | Promise<Overview[K]>;

/** Where the figures come from: each is the business of another room of the house. */
export interface OperationsSources {
  readonly probes: readonly Probe[];
  readonly mediaWorkers: () => Part<'media'>;
  readonly recorders: () => Part<'workers'>;
  readonly liveCalls: () => Part<'liveCalls'>;
  readonly captures: () => Part<'captures'>;
  readonly queues: () => Part<'queues'>;
  readonly storage: () => Part<'storage'>;
  /** Of the calls that ended since then (UTC ms). */
  readonly coverageSince: (since: number) => Part<'coverageToday'>;
  readonly failures: (limit: number) => Part<'failures'>;
  /** The zone whose midnight begins "today". */
  readonly zone: () => Promise<string>;
}

const failuresShown = 50;

/** Is everything being kept? */
export class Operations {
  readonly #sources: OperationsSources;
  readonly #clock: Clock;

  constructor(sources: OperationsSources, clock: Clock) {
    this.#sources = sources;
    this.#clock = clock;
  }

  /** Errors: `ability.denied`; `store.unavailable` if a figure cannot be had: a blank would look like good news. */
  async overview(person: Person): Promise<Overview> {
    requireAbility(person, 'operations.read');
    const sources = this.#sources;
    const now = this.#clock();
    const today = startOfDay(now, await sources.zone());
    const [probed, media, workers, liveCalls, captures, queues, storage, coverageToday, failures] =
      await Promise.all([
        Promise.all(sources.probes.map((probe) => askProbe(probe))),
        sources.mediaWorkers(),
        sources.recorders(),
        sources.liveCalls(),
        sources.captures(),
        sources.queues(),
        sources.storage(),
        sources.coverageSince(today),
        sources.failures(failuresShown),
      ]);
    return {
      now,
      services: [...probed, recorderState(workers)],
      media,
      workers,
      liveCalls,
      captures,
      queues,
      storage,
      coverageToday,
      failures,
    };
  }
}

/** Recorders are known by their heartbeats: without any, nothing is being recorded. */
function recorderState(workers: Overview['workers']): Overview['services'][number] {
  return {
    name: 'recorder',
    state: workers.length > 0 ? 'up' : 'down',
    // A heartbeat's age is not the time an answer takes.
    latencyMs: null,
    detail: workers.length > 0 ? `${workers.length}` : null,
  };
}
