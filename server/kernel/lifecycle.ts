import type { Log } from './log.ts';

interface Step {
  readonly phase: number;
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

/** The order of a stop. Steps of one phase run together, the phases one after the other. */
export const stopPhase = {
  stopAdmitting: 0,
  drainSockets: 1,
  handOverCaptures: 2,
  closeQueues: 3,
  closeStores: 4,
} as const;

/** Collects what must happen at a stop while the process is being put together, and runs it in order, once. */
export class Lifecycle {
  readonly #log: Log;
  readonly #steps: Step[] = [];
  #stopping: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  onStop(phase: keyof typeof stopPhase, name: string, run: () => Promise<void> | void): void {
    this.#steps.push({ phase: stopPhase[phase], name, run });
  }

  get stopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Runs every step; a step that fails or takes over 10 s is logged and does not hold up the others. */
  stop(): Promise<void> {
    this.#stopping ??= this.#run();
    return this.#stopping;
  }

  async #run(): Promise<void> {
    for (const phase of Object.values(stopPhase)) {
      await Promise.all(
        this.#steps.filter((step) => step.phase === phase).map((step) => this.#attempt(step)),
      );
    }
  }

  async #attempt(step: Step): Promise<void> {
    const startedAt = performance.now();
    try {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('took longer than 10 s')), 10_000);
      });
      await Promise.race([Promise.resolve(step.run()), limit]).finally(() => clearTimeout(timer));
      this.#log.debug({ step: step.name, ms: Math.round(performance.now() - startedAt) }, 'stop step done');
    } catch (error) {
      this.#log.error({ step: step.name, err: error }, 'stop step failed');
    }
  }

  /** SIGTERM and SIGINT stop in order and exit 0; a second signal kills at once. */
  listenToSignals(): void {
    let signals = 0;
    const onSignal = (signal: NodeJS.Signals) => {
      signals += 1;
      if (signals > 1) process.exit(130);
      this.#log.info({ signal }, 'stopping');
      void this.stop().then(() => process.exit(0));
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  }
}
