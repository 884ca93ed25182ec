import { ApiError } from '#web/app/api-error.ts';

/** RFC 7587 §4.1: Opus always counts in 48 kHz. */
export const opusHz = 48_000;
const config: AudioDecoderConfig = { codec: 'opus', sampleRate: opusHz, numberOfChannels: 1 };
/** A decoder that has not answered by then never will. Milliseconds. */
const longestMs = 1_000;

export interface CodedFrame {
  readonly atMs: number;
  readonly payload: Uint8Array;
}

export interface DecodedFrame {
  readonly atMs: number;
  readonly samples: Float32Array;
}

/** Whether this browser can decode Opus by itself (WebCodecs). */
export async function decodesOpus(): Promise<boolean> {
  if (typeof AudioDecoder === 'undefined') return false;
  try {
    return (await AudioDecoder.isConfigSupported(config)).supported === true;
  } catch {
    return false;
  }
}

/**
 * One voice's Opus packets to samples of 48 kHz. It keeps its state from one batch to the next, so that they join without
 * a seam; it is never flushed, which would reset it. A batch that breaks the decoder costs that batch, not the voice.
 */
export class OpusVoice {
  #decoder: AudioDecoder | null = null;
  #frames: DecodedFrame[] = [];
  #tell: (() => void) | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #broken = false;

  /** Samples of the packets that could be decoded, in order. One batch after the other. */
  decode(packets: readonly CodedFrame[]): Promise<DecodedFrame[]> {
    const turn = this.#turn.then(() => this.#decodeNow(packets));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  close(): void {
    if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
    this.#decoder = null;
  }

  async #decodeNow(packets: readonly CodedFrame[]): Promise<DecodedFrame[]> {
    if (typeof AudioDecoder === 'undefined')
      throw new ApiError('client.opus-unsupported', 'no AudioDecoder here');
    this.#frames = [];
    this.#broken = false;
    const decoder = this.#ready();
    for (const { atMs, payload } of packets) {
      decoder.decode(
        new EncodedAudioChunk({ type: 'key', timestamp: Math.round(atMs * 1000), data: payload }),
      );
    }
    const until = performance.now() + longestMs;
    while (this.#frames.length < packets.length && !this.#broken && performance.now() < until) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.#tell = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#frames.sort((a, b) => a.atMs - b.atMs);
  }

  #ready(): AudioDecoder {
    if (this.#decoder?.state === 'configured') return this.#decoder;
    const decoder = new AudioDecoder({
      output: (data) => {
        this.#frames.push({ atMs: data.timestamp / 1000, samples: monoOf(data) });
        data.close();
        this.#tell?.();
      },
      error: () => {
        this.#broken = true;
        this.#tell?.();
      },
    });
    decoder.configure(config);
    this.#decoder = decoder;
    return decoder;
  }
}

function monoOf(data: AudioData): Float32Array {
  const mono = new Float32Array(data.numberOfFrames);
  const plane = new Float32Array(data.numberOfFrames);
  for (let channel = 0; channel < data.numberOfChannels; channel++) {
    data.copyTo(plane, { planeIndex: channel, format: 'f32-planar' });
    for (let index = 0; index < mono.length; index++) mono[index]! += plane[index]! / data.numberOfChannels;
  }
  return mono;
}
