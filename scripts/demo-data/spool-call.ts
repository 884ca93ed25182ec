import type { Codec } from '#contract/primitives.ts';
import { writeRtp } from '#kernel/rtp/packet.ts';
import { encodeLeg } from '#scripts/demo-calls/encoding.ts';
import type { EncodedLeg } from '#scripts/demo-calls/wheel.ts';
import { Dice } from '#scripts/speech/dice.ts';
import type { RenderedConversation } from '#scripts/speech/render.ts';
import type { Speaker } from '#scripts/speech/turns.ts';
import { SegmentWriter } from '#worker/spool/segment-writer.ts';
import { callFolder } from '#worker/spool/spool-layout.ts';

/** The name that the demo's archived calls bear wherever a server or a worker is named. */
export const demoInstance = 'demo-data';

export interface CallToSpool {
  readonly callId: string;
  readonly recordingId: string;
  readonly captureId: string;
  readonly legIds: Readonly<Record<Speaker, string>>;
  readonly codec: Codec;
  /** When the first packet came, UTC ms. */
  readonly startedAt: number;
}

const speakers = ['agent', 'customer'] as const;
const frameMs = 20;
/** Packets come up to so much later than the quickest, ms. */
const jitterMs = 6;

/**
 * What a recorder would have written of this conversation: both legs as RTP with their times of arrival, and the
 * customer on hold while music plays. Throws what the encoder or the disk threw.
 */
export async function spoolCall(
  spoolDir: string,
  call: CallToSpool,
  { holds, ...sound }: RenderedConversation,
): Promise<void> {
  const { callId, recordingId, captureId, startedAt, codec } = call;
  const legs = await Promise.all(speakers.map((role) => encodeLeg(codec, sound[role])));
  const writer = await SegmentWriter.open({
    folder: callFolder(spoolDir, callId),
    head: {
      type: 'segment',
      version: 1,
      captureId,
      callId,
      recordingId,
      workerId: demoInstance,
      openedAt: startedAt,
      after: 0,
    },
  });
  try {
    let sequence = 0;
    const streams = legs.map((leg, index) => new PastStream(leg, `${callId} ${index}`));
    for (const [index, { payloadType, ticks }] of legs.entries()) {
      const role = speakers[index]!;
      const clockRate = (ticks * 1_000) / frameMs;
      const channels = codec === 'opus' ? 2 : 1;
      const leg = { legId: call.legIds[role], role, codec, payloadType, clockRate, channels };
      writer.append({ kind: 'leg', sequence: ++sequence, index, leg });
    }
    const customer = speakers.indexOf('customer');
    let onHold = false;
    const frames = Math.max(...streams.map((stream) => stream.frames));
    for (let frame = 0; frame < frames; frame++) {
      const offsetMs = frame * frameMs;
      const hold = holds.some(({ startMs, endMs }) => offsetMs >= startMs && offsetMs < endMs);
      if (hold !== onHold) {
        onHold = hold;
        const atMs = startedAt + offsetMs;
        writer.append({ kind: 'hold', sequence: ++sequence, index: customer, on: hold, atMs });
      }
      for (const [index, stream] of streams.entries()) {
        const packet = stream.next();
        // What is on hold reaches no recorder.
        if (!packet || (onHold && index === customer)) continue;
        const arrivalMs = startedAt + offsetMs + packet.delayMs;
        writer.append({ kind: 'packet', sequence: ++sequence, index, arrivalMs, rtp: packet.rtp });
      }
    }
    const atMs = startedAt + frames * frameMs;
    for (const index of streams.keys()) writer.append({ kind: 'leg-end', sequence: ++sequence, index, atMs });
    writer.append({ kind: 'call-end', sequence: ++sequence, atMs });
    await writer.flush();
  } finally {
    await writer.close();
  }
}

/** One leg's packets as a network delivers them. The same seed gives the same. */
class PastStream {
  readonly #leg: EncodedLeg;
  readonly #dice: Dice;
  readonly #ssrc: number;
  readonly #firstSequence: number;
  readonly #firstTimestamp: number;
  #frame = 0;
  #offset = 0;

  constructor(leg: EncodedLeg, seed: string) {
    this.#leg = leg;
    this.#dice = new Dice(seed);
    this.#ssrc = 1 + this.#dice.below(0xfffffffe);
    this.#firstSequence = this.#dice.below(65_536);
    this.#firstTimestamp = this.#dice.below(2 ** 32);
  }

  get frames(): number {
    return this.#leg.sizes.length;
  }

  next(): { rtp: Buffer; delayMs: number } | undefined {
    const { bytes, sizes, ticks, payloadType } = this.#leg;
    const size = sizes[this.#frame];
    if (size === undefined) return undefined;
    const rtp = writeRtp({
      marker: this.#frame === 0,
      payloadType,
      sequenceNumber: (this.#firstSequence + this.#frame) & 0xffff,
      timestamp: (this.#firstTimestamp + this.#frame * ticks) >>> 0,
      ssrc: this.#ssrc,
      payload: Buffer.from(bytes.buffer, bytes.byteOffset + this.#offset, size),
    });
    // The first packet came at the call's start: that is what the call's start is.
    const delayMs = this.#frame === 0 ? 0 : this.#dice.below(jitterMs);
    this.#frame++;
    this.#offset += size;
    return { rtp, delayMs };
  }
}
