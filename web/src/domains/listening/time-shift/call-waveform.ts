import type { OutputOf } from '#contract/socket.ts';
import { type timeShiftRequests, waveformStepMs } from '#contract/time-shift.ts';
import { leftOfSilenceMs, quietFrameMs, shortestCutMs } from './silence-cutter.ts';

type Answer = OutputOf<typeof timeShiftRequests.waveform>;

export interface PausedSpan {
  readonly fromMs: number;
  /** Null while it lasts. */
  readonly toMs: number | null;
}

/** What is drawn again when more came: packets that were late, and a step that had only begun. Milliseconds. */
const renewedMs = 2_000;
/** At or below this both voices count as silent: −44 dBov on the scale of −60…0 that 0–255 stands for. */
const quiet = 68;

/** How loud both voices of a call were, in steps of 100 ms, growing while the call goes on. 0–255. */
export class CallWaveform {
  #agent = new Uint8Array(1_024);
  #customer = new Uint8Array(1_024);
  #steps = 0;
  #pauses: readonly PausedSpan[] = [];
  /** Grows with every change: what has been drawn already need not be drawn again. */
  version = 0;

  get agent(): Uint8Array {
    return this.#agent.subarray(0, this.#steps);
  }

  get customer(): Uint8Array {
    return this.#customer.subarray(0, this.#steps);
  }

  get pauses(): readonly PausedSpan[] {
    return this.#pauses;
  }

  /** Up to where it is known. Milliseconds. */
  get knownMs(): number {
    return this.#steps * waveformStepMs;
  }

  /** From where on to ask for more. */
  get wantsFromMs(): number {
    return Math.max(0, this.knownMs - renewedMs);
  }

  clear(): void {
    this.#steps = 0;
    this.#pauses = [];
    this.version += 1;
  }

  add({ fromMs, agent, customer, pauses }: Answer): void {
    const from = Math.round(fromMs / waveformStepMs);
    // What lies before it was never told: nothing can be said of it.
    if (from > this.#steps) return;
    const count = Math.max(agent.length, customer.length);
    this.#agent = grown(this.#agent, from + count);
    this.#customer = grown(this.#customer, from + count);
    this.#agent.set(agent, from);
    this.#customer.set(customer, from);
    this.#steps = Math.max(this.#steps, from + count);
    this.#pauses = pauses;
    this.version += 1;
  }

  /** How much playing on from one place to another would leave out as silence. Milliseconds. */
  silenceBetween(fromMs: number, toMs: number): number {
    const last = Math.min(this.#steps, Math.floor(toMs / waveformStepMs));
    let left = 0;
    let run = 0;
    for (let step = Math.max(0, Math.floor(fromMs / waveformStepMs)); step <= last; step++) {
      const silent = step < last && (this.#agent[step] ?? 0) <= quiet && (this.#customer[step] ?? 0) <= quiet;
      if (silent) {
        run += waveformStepMs;
        continue;
      }
      if (run > shortestCutMs + quietFrameMs) left += run - leftOfSilenceMs;
      run = 0;
    }
    return left;
  }

  /** Of the time so far, how much would be left out: 0–1. What is still to come is taken to be alike. */
  get silentShare(): number {
    return this.#steps === 0 ? 0 : this.silenceBetween(0, this.knownMs) / this.knownMs;
  }
}

function grown(values: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (values.length >= length) return values;
  const larger = new Uint8Array(2 ** Math.ceil(Math.log2(length)));
  larger.set(values);
  return larger;
}
