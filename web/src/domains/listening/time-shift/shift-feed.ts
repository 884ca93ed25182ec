import type { OutputOf } from '#contract/socket.ts';
import type { timeShiftRequests } from '#contract/time-shift.ts';
import { decodeG711 } from './g711.ts';
import { type DecodedFrame, OpusVoice, opusHz } from './opus-voice.ts';
import type { ToPlayback } from './shift-messages.ts';
import { readShiftPackets, type ShiftPacket } from './shift-packets.ts';
import { shiftSides } from './shift-sides.ts';
import { VoiceStream } from './voice-stream.ts';

export type ShiftAnswer = OutputOf<typeof timeShiftRequests.audio>;

export interface FeedOptions {
  /** Of the playback. Hz. */
  readonly rate: number;
  readonly tell: (message: ToPlayback, transfer?: Transferable[]) => void;
  readonly audio: (fromMs: number, toMs: number) => Promise<ShiftAnswer>;
  readonly onAnswer: (answer: ShiftAnswer) => void;
  /** It is tried again by itself. */
  readonly onTrouble: (thrown: unknown) => void;
}

/** How far ahead of the playhead is fetched; twice as far at double speed. Milliseconds. */
const aheadMs = 6_000;
/** The first piece is short, so that it is there soon. Milliseconds. */
const firstMs = 800;
const pieceMs = 5_000;
/** An Opus decoder is right after this much (RFC 7845 §4.6). Milliseconds. */
const prerollMs = 80;
/** At the edge more is asked for so often. Milliseconds. */
const edgeEveryMs = 150;
const againMs = 400;
/** The resampler holds the last 2 ms back until more comes. Milliseconds. */
const heldBackMs = 4;

/**
 * Fetches a call's packets from a place on, ahead of the playhead, decodes them and hands the samples to the audio
 * thread. A seek makes what is under way come to nothing.
 */
export class ShiftFeed {
  readonly #options: FeedOptions;
  readonly #opus = { agent: new OpusVoice(), customer: new OpusVoice() };
  #streams: Record<ShiftPacket['side'], VoiceStream>;
  #heardMs = 0;
  #speed = 1;
  #run = 0;
  #atEdge = false;
  #wake: (() => void) | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#streams = this.#newStreams();
  }

  /** All that the call has been so far is fetched. */
  get atEdge(): boolean {
    return this.#atEdge;
  }

  seek(ms: number): void {
    this.#run += 1;
    this.#heardMs = ms;
    this.#atEdge = false;
    this.#streams = this.#newStreams();
    this.#wake?.();
    void this.#fetchFrom(Math.max(0, Math.floor(ms) - prerollMs), this.#run);
  }

  heard(ms: number, speed: number): void {
    this.#heardMs = ms;
    this.#speed = speed;
    this.#wake?.();
  }

  close(): void {
    this.#run += 1;
    this.#wake?.();
    for (const side of shiftSides) this.#opus[side].close();
  }

  async #fetchFrom(startMs: number, run: number): Promise<void> {
    const stale = () => run !== this.#run;
    let next = startMs;
    let covered = startMs;
    while (!stale()) {
      if (next - this.#heardMs > aheadMs * this.#speed) {
        await this.#untilHeard();
        continue;
      }
      try {
        const answer = await this.#options.audio(next, next + (next === startMs ? firstMs : pieceMs));
        if (stale()) return;
        this.#options.onAnswer(answer);
        const over = answer.ended && answer.toMs >= answer.edgeMs;
        await this.#decode(readShiftPackets(answer.bytes), over);
        if (stale()) return;
        const until = Math.max(covered, over ? answer.toMs : answer.toMs - heldBackMs);
        this.#options.tell({ do: 'cover', from: this.#place(covered), to: this.#place(until) });
        covered = until;
        this.#atEdge = answer.toMs >= answer.edgeMs - edgeEveryMs;
        if (over) {
          this.#options.tell({ do: 'end', ms: answer.edgeMs });
          return;
        }
        if (answer.toMs - next < edgeEveryMs) await pause(edgeEveryMs);
        next = Math.max(next, answer.toMs);
      } catch (thrown) {
        if (stale()) return;
        this.#options.onTrouble(thrown);
        await pause(againMs);
      }
    }
  }

  async #decode(packets: readonly ShiftPacket[], over: boolean): Promise<void> {
    const streams = this.#streams;
    const voices = await Promise.all(
      shiftSides.map(async (side) => {
        const own = packets.filter((packet) => packet.side === side);
        return { side, frames: await this.#framesOf(side, own) };
      }),
    );
    if (streams !== this.#streams) return;
    for (const { side, frames } of voices) {
      const stream = streams[side];
      for (const { atMs, samples, hz } of frames) stream.put(atMs, samples, hz);
      if (over) stream.finish();
      for (const { at, samples } of stream.take()) {
        this.#options.tell({ do: 'write', side, at, samples }, [samples.buffer]);
      }
    }
  }

  async #framesOf(
    side: ShiftPacket['side'],
    packets: readonly ShiftPacket[],
  ): Promise<(DecodedFrame & { hz: number })[]> {
    const frames: (DecodedFrame & { hz: number })[] = [];
    const opus: ShiftPacket[] = [];
    for (const packet of packets) {
      const { codec, atMs, payload } = packet;
      if (codec === 'opus') opus.push(packet);
      else frames.push({ atMs, samples: decodeG711(codec, payload), hz: 8_000 });
    }
    if (opus.length === 0) return frames;
    const decoded = await this.#opus[side].decode(opus);
    frames.push(...decoded.map((frame) => ({ ...frame, hz: opusHz })));
    return frames.sort((a, b) => a.atMs - b.atMs);
  }

  #newStreams(): Record<ShiftPacket['side'], VoiceStream> {
    const { rate } = this.#options;
    return { agent: new VoiceStream(rate), customer: new VoiceStream(rate) };
  }

  #place(ms: number): number {
    return Math.round((ms * this.#options.rate) / 1000);
  }

  /** Until the playhead moves, or is moved. */
  #untilHeard(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
