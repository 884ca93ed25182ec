import { Resampler } from './resampler.ts';

/** A piece of one voice, at the output's rate. `at`: samples since the call's start. */
export interface VoicePiece {
  readonly at: number;
  readonly samples: Float32Array;
}

/** A sender's clock that is off by less than this is followed; more is a gap. Milliseconds. */
const seamMs = 5;

/** Puts one voice's frames in their places at the output's rate, without seams where one follows the other. */
export class VoiceStream {
  readonly #rate: number;
  #resampler: Resampler | null = null;
  #fromHz = 0;
  /** Where the run of frames that follow each other goes on. Milliseconds. */
  #nextMs = Number.NaN;
  /** Where the next output sample of this run is written. */
  #place = 0;
  #pieces: { at: number; parts: Float32Array[]; length: number }[] = [];

  constructor(rate: number) {
    this.#rate = rate;
  }

  put(atMs: number, samples: Float32Array, hz: number): void {
    const follows = hz === this.#fromHz && Math.abs(atMs - this.#nextMs) <= seamMs;
    if (!follows || !this.#resampler) {
      this.finish();
      if (!this.#resampler || hz !== this.#fromHz) this.#resampler = new Resampler(hz, this.#rate);
      this.#fromHz = hz;
      this.#place = Math.round((atMs * this.#rate) / 1000);
      this.#nextMs = atMs;
    }
    this.#write(this.#resampler.push(samples));
    this.#nextMs += (samples.length / hz) * 1000;
  }

  /** Nothing follows: the rest that was held back comes out. */
  finish(): void {
    if (!Number.isNaN(this.#nextMs) && this.#resampler) this.#write(this.#resampler.flush());
    this.#nextMs = Number.NaN;
  }

  /** What came out since the last time. */
  take(): VoicePiece[] {
    const pieces = this.#pieces.map(({ at, parts, length }) => {
      const samples = new Float32Array(length);
      let place = 0;
      for (const part of parts) {
        samples.set(part, place);
        place += part.length;
      }
      return { at, samples };
    });
    this.#pieces = [];
    return pieces;
  }

  #write(samples: Float32Array): void {
    if (samples.length === 0) return;
    const last = this.#pieces.at(-1);
    if (last && last.at + last.length === this.#place) {
      last.parts.push(samples);
      last.length += samples.length;
    } else this.#pieces.push({ at: this.#place, parts: [samples], length: samples.length });
    this.#place += samples.length;
  }
}
