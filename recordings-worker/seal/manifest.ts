import { z } from 'zod';
import { captureLeg, sealedFacts } from '#contract/capture.ts';
import { id, timeMs } from '#contract/primitives.ts';
import { recordingGap } from '#contract/recordings.ts';

/** Raised when sealing the same spool would give another file. */
export const sealerVersion = 2;

/**
 * The manifest beside the audio: what the recording was made from and what it lacks. Ids, counts and times only.
 * Times are UTC ms, offsets ms from the recording's start.
 */
export const manifest = z.object({
  version: z.literal(1),
  sealerVersion: z.number().int(),
  recordingId: id,
  callId: id,
  startedAt: timeMs,
  /** The call's end as the live plane told it. */
  callEndedAt: z.number().nullable(),
  durationMs: z.number().int(),
  audio: z.object({
    container: z.literal('webm'),
    codec: z.literal('opus'),
    /** Rate at which legs were encoded anew; null when all packets are in the file as they came. */
    encodedAtHz: z.number().int().nullable(),
    channels: z.tuple([z.literal('agent'), z.literal('customer')]),
  }),
  legs: z.array(
    captureLeg.extend({
      fromMs: z.number().int().nullable(),
      toMs: z.number().int().nullable(),
      packets: z.number().int(),
      lost: z.number().int(),
      duplicates: z.number().int(),
      foreign: z.number().int(),
      streams: z.number().int(),
      /** How much the sender's clock ran slow (+) or fast (−), which was corrected; parts per million. */
      driftPpm: z.number().int(),
      /** The leg's packets are in the file as they came; else they were decoded and encoded once. */
      copied: z.boolean(),
      tornBytes: z.number().int(),
    }),
  ),
  droppedByTap: z.number().int(),
  gaps: z.array(recordingGap),
  segments: z.array(
    z.object({ name: z.string(), workerId: id, openedAt: z.number(), packets: z.number().int() }),
  ),
  files: z.array(z.object({ name: z.string(), bytes: z.number().int(), sha256: z.string() })),
  /** What the spool looked like: another fingerprint means that sealing again is worth it. */
  spool: z.string(),
  facts: sealedFacts,
});
export type Manifest = z.infer<typeof manifest>;
