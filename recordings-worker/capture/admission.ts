import type { CaptureRefusal } from '#contract/capture.ts';

/** What a look at the worker found. */
export interface Load {
  /** Free space where the spool is, bytes. */
  readonly freeBytes: number;
  /** Share of a core that the process's own thread, which captures, took since the last look, 0–1. */
  readonly cpuShare: number;
  /** How late its timers were since the last look, 99th percentile, ms. */
  readonly lagMs: number;
  readonly captures: number;
}

export interface AdmissionLimits {
  readonly leastFreeBytes: number;
  /** 0–1. */
  readonly cpuShare: number;
  readonly lagMs: number;
  readonly captures: number;
}

/** A single late look says little: so many in a row count. */
const looksBeforeLag = 3;
/** With fewer calls than this it is not the calls that make it slow, and sending them elsewhere would not help. */
const fewCaptures = 30;
/** What a call costs before it was measured with enough of them, share of a core; several times what it turns out to be. */
const firstGuess = 0.003;
/** Refusing ends only when things are this much better than where it began, so that it does not flutter. */
const disk = 1.25;
const easier = 0.8;

/**
 * Whether this worker takes another call, by what its calls have cost so far. Each call reads from the network and
 * writes to disk without end: a worker that takes more than it carries makes all of them late, whereas the tap keeps
 * the packets of a call that nobody has taken yet.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  #refusing: CaptureRefusal | null = null;
  #costPerCapture = firstGuess;
  #captures = 0;
  #taken = 0;
  #cpuShare = 0;
  #lateLooks = 0;
  #spoolFailed = false;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Null: another call may come. */
  get refusing(): CaptureRefusal | null {
    return this.#spoolFailed ? 'spool' : (this.#refusing ?? this.#tooMany());
  }

  /** A call was taken; what it will cost is not in the figures yet. */
  taken(): void {
    this.#taken += 1;
  }

  /** A call that was taken is over, or went elsewhere. */
  ended(): void {
    this.#taken -= 1;
  }

  /** The spool could not be written: others are to take what comes until `spoolRested`. */
  spoolFails(): void {
    this.#spoolFailed = true;
  }

  spoolRested(): void {
    this.#spoolFailed = false;
  }

  look(load: Load): void {
    const { leastFreeBytes, lagMs } = this.#limits;
    this.#captures = load.captures;
    this.#taken = 0;
    this.#cpuShare = load.cpuShare;
    // While a process starts its compiler costs more than all its calls.
    if (load.captures >= fewCaptures) {
      this.#costPerCapture = this.#costPerCapture * 0.7 + (load.cpuShare / load.captures) * 0.3;
    }
    this.#lateLooks = load.lagMs > lagMs ? this.#lateLooks + 1 : 0;
    const before = this.#refusing;
    if (load.freeBytes < leastFreeBytes * (before === 'disk' ? disk : 1)) this.#refusing = 'disk';
    else if (load.captures < fewCaptures) this.#refusing = null;
    else if (load.cpuShare > this.#limits.cpuShare * (before === 'cpu' ? easier : 1)) this.#refusing = 'cpu';
    else if (this.#lateLooks >= looksBeforeLag || (before === 'cpu' && load.lagMs > lagMs * easier)) {
      this.#refusing = 'cpu';
    } else this.#refusing = null;
  }

  /** Counts what was taken since the last look at what calls have cost so far. */
  #tooMany(): CaptureRefusal | null {
    const { captures, cpuShare } = this.#limits;
    if (this.#captures + this.#taken >= captures) return 'max';
    const expected = this.#cpuShare + (this.#taken + 1) * this.#costPerCapture;
    const many = this.#captures + this.#taken >= fewCaptures;
    return many && this.#taken > 0 && expected > cpuShare ? 'cpu' : null;
  }
}
