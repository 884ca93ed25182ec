import type { z } from 'zod';
import type { PeaksFile, thumbnail } from '#contract/recordings.ts';

export const bucketMs = 50;
const thumbnailBuckets = 128;

/** The largest |sample| of each bucket, gathered as the audio goes by. */
export class PeakMeter {
  readonly #samplesPerBucket: number;
  readonly #peaks: number[] = [];
  #largest = 0;
  #inBucket = 0;

  /** `rate` in Hz, a multiple of 20 (a bucket is 50 ms). */
  constructor(rate: number) {
    this.#samplesPerBucket = (rate * bucketMs) / 1_000;
  }

  add(samples: Int16Array): void {
    let at = 0;
    while (at < samples.length) {
      const end = Math.min(samples.length, at + this.#samplesPerBucket - this.#inBucket);
      this.#inBucket += end - at;
      let largest = this.#largest;
      for (; at < end; at++) {
        const sample = samples[at]!;
        const size = sample < 0 ? -sample : sample;
        if (size > largest) largest = size;
      }
      this.#largest = largest;
      if (this.#inBucket === this.#samplesPerBucket) this.#close();
    }
  }

  /** 0–255 per bucket, the last one possibly shorter. */
  finish(): number[] {
    if (this.#inBucket > 0) this.#close();
    return this.#peaks;
  }

  #close(): void {
    this.#peaks.push(Math.min(255, Math.round((this.#largest / 32_768) * 255)));
    this.#largest = 0;
    this.#inBucket = 0;
  }
}

export function peaksFileOf(durationMs: number, agent: number[], customer: number[]): PeaksFile {
  return { version: 1, durationMs, bucketMs, channels: { agent, customer } };
}

/** At most 128 evenly spaced peaks of peaks. */
function coarse(peaks: readonly number[]): number[] {
  const buckets = Math.min(thumbnailBuckets, peaks.length);
  return Array.from({ length: buckets }, (_, i) => {
    const from = Math.floor((i * peaks.length) / buckets);
    const to = Math.max(from + 1, Math.floor(((i + 1) * peaks.length) / buckets));
    return Math.max(...peaks.slice(from, to));
  });
}

export function thumbnailOf(agent: number[], customer: number[]): z.infer<typeof thumbnail> {
  return { agent: coarse(agent), customer: coarse(customer) };
}
