import type { Codec, LegRole } from '#contract/primitives.ts';
import { encodeG711 } from '#kernel/rtp/g711.ts';
import { writeRtp } from '#kernel/rtp/packet.ts';
import type { TapItem } from '#kernel/rtp/tap-protocol.ts';
import { CallOnDisk, callStartMs } from './call-on-disk.ts';
import type { DecodedAudio } from './decoded-audio.ts';
import { captureLegOf, frameMs } from './leg-feed.ts';
import { opusTonePackets } from './opus-tone.ts';
import { toneSamples } from './rtp-sender.ts';

/** A beep of 100 ms every second by the sender's clock, the first at the leg's start. */
const beeps = { everyMs: 1_000, lengthMs: 100 };
const beepHz = 1_000;
/** Opus repeats after this: as long as the encoder's cached tone is. */
const loopSeconds = 60;
/** The network's jitter; a burst of reordering; how often one begins. ms. */
const jitterMs = 30;
const burstMs = 200;
const burstEveryMs = 4_000;

export interface BeepingLeg {
  readonly role: LegRole;
  readonly codec: Codec;
  /** ms since the call's start by a right clock. */
  readonly fromMs: number;
  readonly toMs: number;
  /** What the sender's clock is off: +200 counts too slowly. */
  readonly ppm: number;
  /** Held: nothing reaches the recorder. ms since the call's start. */
  readonly holds?: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/** A beep of which every packet arrived, and the ones beside it. ms since the call's start by a right clock. */
export interface SentBeep {
  readonly side: 'left' | 'right';
  readonly codec: Codec;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface BeepingCall {
  readonly call: CallOnDisk;
  readonly beeps: readonly SentBeep[];
  /** All packets that were sent, and those that arrived. */
  readonly sent: number;
  readonly arrived: number;
}

interface Arrival {
  readonly atMs: number;
  readonly index: number;
  readonly rtp: Buffer;
}

/**
 * Writes the spool of a call of beeps: random loss (`loss` is the share), jitter, and every four seconds a burst of
 * 200 ms in which packets come in any order. The same every time.
 */
export async function spoolBeepingCall(legs: readonly BeepingLeg[], loss: number): Promise<BeepingCall> {
  const call = await CallOnDisk.create();
  const random = dice(42);
  const expected: SentBeep[] = [];
  const arrivals: Arrival[] = [];
  const announced: TapItem[] = [];
  const holds: TapItem[] = [];
  let sent = 0;
  for (const [index, leg] of legs.entries()) {
    const description = captureLegOf(`leg_${index}`, leg.role, leg.codec);
    announced.push({ kind: 'leg', sequence: 0, index, leg: description });
    for (const { fromMs, toMs } of leg.holds ?? []) {
      holds.push({ kind: 'hold', sequence: 0, index, on: true, atMs: callStartMs + fromMs });
      holds.push({ kind: 'hold', sequence: 0, index, on: false, atMs: callStartMs + toMs });
    }
    const payloads = await beepingPayloads(leg.codec);
    const perFrameMs = frameMs * (1 + leg.ppm / 1_000_000);
    const frames = Math.floor((leg.toMs - leg.fromMs) / perFrameMs);
    const cameAt = new Uint8Array(frames + 1);
    const startSequence = Math.floor(random() * 65_536);
    const startTimestamp = Math.floor(random() * 2 ** 32);
    for (let frame = 0; frame < frames; frame++) {
      const atMs = leg.fromMs + frame * perFrameMs;
      const held = leg.holds?.some(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs) ?? false;
      if (!held) sent += 1;
      if (held || random() < loss) continue;
      cameAt[frame] = 1;
      const inBurst = atMs % burstEveryMs >= burstEveryMs - burstMs;
      arrivals.push({
        atMs: callStartMs + atMs + random() * (inBurst ? burstMs : jitterMs),
        index,
        rtp: writeRtp({
          marker: frame === 0,
          payloadType: description.payloadType,
          sequenceNumber: (startSequence + frame) & 0xffff,
          timestamp: (startTimestamp + (frame * description.clockRate * frameMs) / 1_000) >>> 0,
          ssrc: 5_000 + index,
          payload: payloads[frame % payloads.length]!,
        }),
      });
    }
    expected.push(...wholeBeeps(leg, cameAt));
  }
  arrivals.sort((a, b) => a.atMs - b.atMs);
  const items = [
    ...announced,
    ...holds,
    ...arrivals.map(
      ({ atMs, index, rtp }): TapItem => ({ kind: 'packet', sequence: 0, index, arrivalMs: atMs, rtp }),
    ),
  ];
  await call.write(items.map((item, i) => ({ ...item, sequence: i + 1 })));
  return { call, beeps: expected, sent, arrived: arrivals.length };
}

/** Beeps that came whole, and with their neighbours: a decoder then has nothing to make up. */
function wholeBeeps(leg: BeepingLeg, cameAt: Uint8Array): SentBeep[] {
  const found: SentBeep[] = [];
  const perBeep = beeps.everyMs / frameMs;
  const length = beeps.lengthMs / frameMs;
  const clock = 1 + leg.ppm / 1_000_000;
  for (let first = perBeep; first + length + 1 < cameAt.length; first += perBeep) {
    const around = cameAt.subarray(first - 2, first + length + 2);
    if (around.some((came) => came === 0)) continue;
    const fromMs = leg.fromMs + first * frameMs * clock;
    const side = leg.role === 'customer' ? 'right' : 'left';
    found.push({ side, codec: leg.codec, fromMs, toMs: fromMs + beeps.lengthMs * clock });
  }
  return found;
}

async function beepingPayloads(codec: Codec): Promise<Buffer[]> {
  if (codec === 'opus') return opusTonePackets({ hz: beepHz, seconds: loopSeconds, beeps });
  const bytes = encodeG711(codec, toneSamples(beepHz, 1, { beeps }));
  return Array.from({ length: bytes.length / 160 }, (_, i) => bytes.subarray(i * 160, (i + 1) * 160));
}

export interface FoundBeep {
  readonly beep: SentBeep;
  /** How much later than sent it begins and ends in the file, ms; undefined when it is not there. */
  readonly begins: number | undefined;
  readonly ends: number | undefined;
}

/** Looks for each beep near its place. `offsetMs`: of the file's start since the call's start. */
export function findBeeps(audio: DecodedAudio, expected: readonly SentBeep[], offsetMs: number): FoundBeep[] {
  const perMs = audio.rate / 1_000;
  const loud = 0.2 * 32_768;
  const lookMs = 150;
  return expected.map((beep) => {
    const samples = audio[beep.side];
    const from = Math.max(0, Math.round((beep.fromMs - offsetMs - lookMs) * perMs));
    const to = Math.min(samples.length, Math.round((beep.toMs - offsetMs + lookMs) * perMs));
    let first: number | undefined;
    let last: number | undefined;
    for (let i = from; i < to; i++) {
      if (Math.abs(samples[i]!) < loud) continue;
      first ??= i;
      last = i;
    }
    const late = (sample: number | undefined, ms: number) =>
      sample === undefined ? undefined : sample / perMs + offsetMs - ms;
    return { beep, begins: late(first, beep.fromMs), ends: late(last, beep.toMs) };
  });
}

function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Ten minutes: the agent's line changes its codec half-way, the customer is held; both clocks are wrong. */
export const tenMinutesOfBeeps: readonly BeepingLeg[] = [
  { role: 'agent', codec: 'PCMU', fromMs: 0, toMs: 300_000, ppm: -180 },
  { role: 'agent', codec: 'opus', fromMs: 300_400, toMs: 600_000, ppm: -180 },
  {
    ...{ role: 'customer', codec: 'opus', fromMs: 330, toMs: 600_000, ppm: 190 },
    holds: [{ fromMs: 120_000, toMs: 151_000 }],
  },
];
