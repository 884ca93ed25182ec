import { z } from 'zod';
import { call } from './calls.ts';
import { id, offsetMs } from './primitives.ts';
import { socketRequest } from './socket.ts';

/**
 * Time shift: a live call is heard again, or from its beginning, from what the recorders have on disk already.
 * Offsets are milliseconds from `call.startedAt`, the call's first media packet; the recording that is sealed later
 * counts from the same zero.
 */

/** The longest span of one `listening:audio`. Milliseconds. */
export const audioSpanMaxMs = 30_000;
/** What one byte of loudness stands for. Milliseconds. */
export const waveformStepMs = 100;
/** The most one `listening:waveform` answers; the rest is asked for from where the answer ends. Milliseconds. */
export const waveformSpanMaxMs = 30 * 60_000;

/** First byte of a packet's header in `bytes`: whose voice. A bot speaks on the agent's side. */
export const shiftSide = { agent: 0, customer: 1 } as const;
/** Second byte: how the payload is coded. G.711 runs at 8 kHz, Opus at 48 kHz (RFC 7587). */
export const shiftCodec = { PCMU: 1, PCMA: 2, opus: 3 } as const;
/** u8 side, u8 codec, u32 BE offset in 1/10 ms, u16 BE length of the payload that follows. */
export const shiftHeaderBytes = 8;

/**
 * Bytes as they are on each side of the socket: a Buffer on the server. A browser's socket.io hands over an
 * ArrayBuffer, which `realtime.request` makes a Uint8Array of.
 */
export const bytes = z.instanceof(Uint8Array);

export const timeShiftRequests = {
  shift: socketRequest({
    event: 'listening:shift',
    summary:
      'On: the listener hears from disk and nothing is forwarded to them; the transport stays. Off: live again, at once. ' +
      'Errors: listening.unknown, listening.delayed (off, for a delayed seat).',
    from: 'person',
    input: z.strictObject({ listeningId: id, on: z.boolean() }),
    output: z.object({}),
  }),
  audio: socketRequest({
    event: 'listening:audio',
    summary:
      'The packets that begin in [fromMs, toMs), oldest first, as they were sent: per packet a header of 8 bytes ' +
      '(u8 side: 0 agent or bot, 1 customer; u8 codec: 1 PCMU, 2 PCMA, 3 Opus; u32 BE offset in 1/10 ms; u16 BE length) ' +
      'and the payload. What was lost, on hold or paused is absent. ' +
      'Errors: listening.unknown, shift.unavailable (no living recorder holds the call).',
    from: 'person',
    input: z
      .strictObject({ listeningId: id, fromMs: offsetMs.max(2 ** 31), toMs: offsetMs.max(2 ** 31) })
      .refine(({ fromMs, toMs }) => toMs > fromMs && toMs - fromMs <= audioSpanMaxMs, {
        path: ['toMs'],
        message: `must lie after fromMs, by ${audioSpanMaxMs} ms at most`,
      }),
    output: z.object({
      bytes,
      fromMs: offsetMs,
      /** Up to where the answer is complete: never beyond what was asked for, nor beyond `edgeMs`. */
      toMs: offsetMs,
      /** How far this listener may hear the call now: what is on disk, and for a delayed seat now − delay. */
      edgeMs: offsetMs,
      /** The call is over and `edgeMs` is its end. */
      ended: z.boolean(),
    }),
  }),
  waveform: socketRequest({
    event: 'listening:waveform',
    summary:
      'Loudness per 100 ms and voice from fromMs on, as far as it is on disk: 0 silence, 255 the loudest. ' +
      'G.711: from the RMS, −60…0 dBov. Opus is not decoded for it: from the length of its packets. ' +
      'At most half an hour an answer. Errors: as listening:audio.',
    from: 'person',
    input: z.strictObject({ listeningId: id, fromMs: offsetMs.max(2 ** 31) }),
    output: z.object({
      fromMs: offsetMs,
      stepMs: z.literal(waveformStepMs),
      agent: bytes,
      customer: bytes,
      edgeMs: offsetMs,
      /** What is kept out, as offsets; `toMs` is null while the pause lasts. */
      pauses: z.array(z.object({ fromMs: offsetMs, toMs: offsetMs.nullable() })),
    }),
  }),
  joinDelayed: socketRequest({
    event: 'listening:join-delayed',
    summary:
      'Hear a call from disk only, `delayMs` behind, without a transport: for people and slots that are marked delayed. ' +
      'Without callId the next call of the line. Ends the listening before it. Errors: as listening:join.',
    from: 'person',
    input: z.strictObject({ slotId: id, callId: id.optional() }),
    output: z.object({ listeningId: id, call, delayMs: z.number().int().positive() }),
  }),
} as const;
