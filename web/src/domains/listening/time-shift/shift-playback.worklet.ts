import { type FromPlayback, shiftProcessor, type ToPlayback } from './shift-messages.ts';
import { ShiftPlayback } from './shift-playback.ts';

// What a page's AudioWorkletGlobalScope has (Web Audio API §1.32); the DOM library knows the page only.
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const reportEveryMs = 50;

/** Two outputs, one voice each: the mixer gives them their volume and side. */
class ShiftProcessor extends AudioWorkletProcessor {
  readonly #playback = new ShiftPlayback(sampleRate);
  #closed = false;
  #sinceReport = Number.POSITIVE_INFINITY;
  #told: FromPlayback | null = null;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<ToPlayback>) => this.#take(data);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const agent = outputs[0]?.[0];
    const customer = outputs[1]?.[0];
    if (!agent || !customer) return !this.#closed;
    this.#playback.render({ agent, customer });
    this.#sinceReport += agent.length;
    this.#report();
    return !this.#closed;
  }

  #take(told: ToPlayback): void {
    switch (told.do) {
      case 'write':
        this.#playback.write(told.side, told.at, told.samples);
        break;
      case 'cover':
        this.#playback.cover(told.from, told.to);
        break;
      case 'end':
        this.#playback.endMs = told.ms;
        break;
      case 'seek':
        this.#playback.seek(told.ms);
        break;
      case 'speed':
        this.#playback.speed = told.speed;
        this.#playback.skipsSilence = told.skipsSilence;
        break;
      case 'pause':
        this.#playback.paused = told.on;
        break;
      case 'close':
        this.#closed = true;
    }
  }

  #report(): void {
    const report = this.#playback.report();
    const changed = report.state !== this.#told?.state || report.seek !== this.#told.seek;
    if (!changed && this.#sinceReport < (sampleRate * reportEveryMs) / 1000) return;
    this.#sinceReport = 0;
    this.#told = report;
    this.port.postMessage(report satisfies FromPlayback);
  }
}

registerProcessor(shiftProcessor, ShiftProcessor);
