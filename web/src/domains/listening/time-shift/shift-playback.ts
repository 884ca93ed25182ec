import { CallTape } from './call-tape.ts';
import { type ShiftSide, shiftSides } from './shift-sides.ts';
import { afterSilence, quietFrameMs } from './silence-cutter.ts';
import { Wsola } from './wsola.ts';

/** `starved`: it should play, but what comes next is not there yet. `over`: the call's end was played. */
export type PlaybackState = 'playing' | 'paused' | 'starved' | 'over';

export interface PlaybackReport {
  readonly state: PlaybackState;
  /** Where in the call the sound is that leaves now. Milliseconds. */
  readonly atMs: number;
  /** Up to where one can play on from there. Milliseconds. */
  readonly fetchedMs: number;
  /** Grows with every seek: a report from before one says nothing about what came after. */
  readonly seek: number;
}

/** Every change of what is heard fades over this, so that nothing clicks. Milliseconds. */
const fadeMs = 4;
/** After it ran dry it waits for this much, so that it does not stutter. Milliseconds. */
const refillMs = 250;
/** −44 dBFS as a mean square: above the noise of a telephone line, below soft speech. */
const quietPower = 0.006 ** 2;

/**
 * The sound of a call from what was fetched of it, at any speed and from any place: the part of the player that runs in
 * the audio thread. Both voices keep step, whatever is skipped and however fast it goes.
 */
export class ShiftPlayback {
  readonly #rate: number;
  readonly #tape: CallTape;
  readonly #stretch: Record<ShiftSide, Wsola>;
  readonly #hop: Record<ShiftSide, Float32Array>;
  readonly #hopLength: number;
  readonly #frame: Float32Array;
  readonly #quiet = new Map<number, boolean>();
  /** How far the hop has been played; at its length the next one is due. */
  #hopAt: number;
  /** Where the hop begins, and where the next one will. Samples of the call. */
  #from = 0;
  #next = 0;
  #seekTo: number | null = null;
  #seeks = 0;
  #end = Number.POSITIVE_INFINITY;
  #speed = 1;
  #paused = false;
  #skipsSilence = false;
  #starved = true;
  #over = false;
  #dry = false;
  #gain = 0;

  constructor(rate: number) {
    this.#rate = rate;
    this.#tape = new CallTape(rate);
    this.#stretch = { agent: new Wsola(rate), customer: new Wsola(rate) };
    this.#hopLength = this.#stretch.agent.hop;
    this.#hop = { agent: new Float32Array(this.#hopLength), customer: new Float32Array(this.#hopLength) };
    this.#frame = new Float32Array(Math.round((rate * quietFrameMs) / 1000));
    this.#hopAt = this.#hopLength;
  }

  write(side: ShiftSide, at: number, samples: Float32Array): void {
    this.#tape.write(side, at, samples);
    const last = this.#frameOf(at + samples.length);
    for (let frame = this.#frameOf(at); frame <= last; frame++) this.#quiet.delete(frame);
  }

  cover(from: number, to: number): void {
    this.#tape.cover(from, to);
  }

  /** The call ends there; what lies behind is never waited for. Null while it goes on. */
  set endMs(ms: number | null) {
    this.#end = ms === null ? Number.POSITIVE_INFINITY : this.#place(ms);
  }

  set speed(speed: number) {
    this.#speed = speed;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
  }

  set skipsSilence(skips: boolean) {
    this.#skipsSilence = skips;
  }

  seek(ms: number): void {
    this.#seekTo = this.#place(ms);
    this.#seeks += 1;
    this.#over = false;
    // Nothing sounds: there is nothing to fade.
    if (this.#gain === 0) this.#jump();
  }

  /** Fills both outputs, which have the same length. */
  render(output: Readonly<Record<ShiftSide, Float32Array>>): void {
    const step = 1000 / (fadeMs * this.#rate);
    const { length } = output.agent;
    for (let index = 0; index < length; index++) {
      const wanted = this.#paused || this.#seekTo !== null ? 0 : 1;
      if (this.#gain < wanted) this.#gain = Math.min(wanted, this.#gain + step);
      else if (this.#gain > wanted) this.#gain = Math.max(wanted, this.#gain - step);
      if (this.#gain === 0 || !this.#hopReady()) {
        for (const side of shiftSides) output[side].fill(0, index);
        this.#gain = 0;
        // What is there already sounds from the next block on.
        if (this.#seekTo !== null) this.#jump();
        return;
      }
      for (const side of shiftSides) output[side][index] = this.#hop[side][this.#hopAt]! * this.#gain;
      this.#hopAt += 1;
    }
  }

  report(): PlaybackReport {
    const at = this.#heardAt();
    const state = this.#over ? 'over' : this.#paused ? 'paused' : this.#starved ? 'starved' : 'playing';
    const fetched = this.#tape.coveredUntil(Math.ceil(at));
    return { state, atMs: this.#ms(at), fetchedMs: this.#ms(fetched), seek: this.#seeks };
  }

  #heardAt(): number {
    if (this.#seekTo !== null) return this.#seekTo;
    return this.#from + (this.#next - this.#from) * (this.#hopAt / this.#hopLength);
  }

  #jump(): void {
    this.#from = this.#seekTo ?? 0;
    this.#next = this.#from;
    this.#seekTo = null;
    this.#hopAt = this.#hopLength;
    this.#starved = true;
    this.#dry = false;
    for (const side of shiftSides) this.#stretch[side].reset();
    this.#tape.trim(this.#from);
    this.#quiet.clear();
  }

  /** Whether there is a sample to play; makes the next hop when the one before is used up. */
  #hopReady(): boolean {
    if (this.#hopAt < this.#hopLength) return true;
    if (this.#next >= this.#end) {
      this.#over = true;
      return false;
    }
    if (this.#skipsSilence) this.#skip();
    const needs = this.#stretch.agent.needs + (this.#dry ? this.#place(refillMs) : 0);
    const fetched = this.#tape.coveredUntil(Math.ceil(this.#next));
    if (fetched < Math.min(this.#end, this.#next + needs)) return this.#runDry();
    this.#starved = false;
    this.#dry = false;
    for (const side of shiftSides) {
      this.#stretch[side].step(this.#tape, side, this.#next, this.#hop[side]);
    }
    this.#from = this.#next;
    this.#next += this.#hopLength * this.#speed;
    this.#hopAt = 0;
    // Once in a while is enough: it is kept in pages of a second.
    if (Math.floor(this.#from / this.#rate) !== Math.floor(this.#next / this.#rate)) {
      this.#tape.trim(this.#next);
      if (this.#quiet.size > 10_000) this.#quiet.clear();
    }
    return true;
  }

  /** The end of what is there: what was begun fades out, once, and then it is silent. */
  #runDry(): boolean {
    if (this.#starved) return false;
    this.#starved = true;
    this.#dry = true;
    for (const side of shiftSides) this.#stretch[side].tail(this.#hop[side]);
    this.#from = this.#next;
    this.#hopAt = 0;
    return true;
  }

  #skip(): void {
    const frame = this.#frameOf(this.#next);
    const after = afterSilence(frame, (index) => this.#isQuiet(index));
    if (after > frame) this.#next = after * this.#frame.length;
  }

  #isQuiet(frame: number): boolean | null {
    const known = this.#quiet.get(frame);
    if (known !== undefined) return known;
    const at = frame * this.#frame.length;
    if (this.#tape.coveredUntil(at) < at + this.#frame.length) return null;
    const quiet = shiftSides.every((side) => {
      if (!this.#tape.read(side, at, this.#frame)) return true;
      let sum = 0;
      for (const sample of this.#frame) sum += sample * sample;
      return sum < quietPower * this.#frame.length;
    });
    this.#quiet.set(frame, quiet);
    return quiet;
  }

  #frameOf(place: number): number {
    return Math.floor(place / this.#frame.length);
  }

  #place(ms: number): number {
    return Math.round((ms * this.#rate) / 1000);
  }

  #ms(place: number): number {
    return (place * 1000) / this.#rate;
  }
}
