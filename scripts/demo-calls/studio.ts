import { Worker } from 'node:worker_threads';
import type { Codec } from '#contract/primitives.ts';
import type { Span } from '#scripts/speech/render.ts';
import type { Language, Speaker } from '#scripts/speech/turns.ts';
import type { EncodedLeg } from './wheel.ts';

/** What is to be rendered. */
export interface Script {
  readonly scenarioId: string;
  readonly lineId: string;
  readonly variant: number;
  readonly language: Language;
  readonly seconds: number;
  readonly codec: Codec;
}

export interface Production {
  readonly legs: Readonly<Record<Speaker, EncodedLeg>>;
  /** When the customer waits with music, ms from the beginning. */
  readonly holds: readonly Span[];
}

export type StudioOrder = Script & { readonly number: number };
export type StudioAnswer =
  | ({ readonly number: number } & Production)
  | { readonly number: number; readonly error: string };

/** Renders calls one after the other in a thread of its own. */
export class Studio {
  readonly #worker = new Worker(new URL('./studio-worker.ts', import.meta.url));
  readonly #waiting = new Map<
    number,
    { resolve(production: Production): void; reject(error: Error): void }
  >();
  #queue: Promise<unknown> = Promise.resolve();
  #orders = 0;
  #closing = false;
  /** Resolves when the thread ended by itself; nothing is produced after that. */
  readonly died: Promise<Error>;

  constructor() {
    this.#worker.on('message', (answer: StudioAnswer) => {
      const waiting = this.#waiting.get(answer.number);
      this.#waiting.delete(answer.number);
      if ('error' in answer) waiting?.reject(new Error(answer.error));
      else waiting?.resolve({ legs: answer.legs, holds: answer.holds });
    });
    this.died = new Promise((resolve) => {
      this.#worker.on('error', (thrown) =>
        resolve(thrown instanceof Error ? thrown : new Error(String(thrown))),
      );
      this.#worker.on('exit', (code) => {
        if (!this.#closing) resolve(new Error(`the studio ended with code ${code}`));
        for (const waiting of this.#waiting.values()) waiting.reject(new Error('the studio is closed'));
        this.#waiting.clear();
      });
    });
  }

  /** Rejects when there is no synthesiser, or no encoder for Opus. */
  produce(script: Script): Promise<Production> {
    const production = this.#queue.then(() => this.#order(script));
    this.#queue = production.catch(() => {});
    return production;
  }

  /** Ends the thread in the middle of its work; what was ordered is rejected. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#worker.terminate();
  }

  #order(script: Script): Promise<Production> {
    if (this.#closing) return Promise.reject(new Error('the studio is closed'));
    const number = this.#orders++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#worker.postMessage({ ...script, number } satisfies StudioOrder);
    });
  }
}
