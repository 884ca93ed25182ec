import { z } from 'zod';
import { id, offsetMs } from './primitives.ts';
import { audioSpanMaxMs } from './time-shift.ts';

/** Where Redis keeps the secret by which workers and servers know each other: made by the first worker that starts, shown at workers’ doors. */
export const workersSecretKey = 'workers:secret';

/**
 * What a recordings worker answers about a call that it has on disk, also while it is being written. Behind the door
 * for other workers (`Authorization: Bearer SECRET`):
 *   GET /spool/CALL/follow?zeroMs=…                          JSON, a `followedCall`
 *   GET /spool/CALL/follow/audio?zeroMs=…&fromMs=…&toMs=…     a `followedAudio`, then the packets
 *   GET /spool/CALL/follow/waveform?zeroMs=…&fromMs=…         a `followedWaveform`, then a byte per step: agent, customer
 * The last two begin with the length of their JSON head, u32 BE. `zeroMs` is the call's start, UTC ms, from which all
 * offsets count; packets are as in `listening:audio`.
 */
export const followQuery = z.object({ zeroMs: z.coerce.number().min(0).max(8.64e15) });

const offset = z.coerce
  .number()
  .int()
  .min(0)
  .max(2 ** 31);

export const followAudioQuery = followQuery
  .extend({ fromMs: offset, toMs: offset })
  .refine(({ fromMs, toMs }) => toMs > fromMs && toMs - fromMs <= audioSpanMaxMs, { path: ['toMs'] });

export const followWaveformQuery = followQuery.extend({ fromMs: offset });

/** Beyond any call: a part that goes on. */
const span = z.object({ fromMs: z.number(), toMs: z.number() });
export type OffsetSpan = z.infer<typeof span>;

export const followedPause = z.object({ fromMs: offsetMs, toMs: offsetMs.nullable() });
export type FollowedPause = z.infer<typeof followedPause>;

export const followedCall = z.object({
  /** The spool that was looked at: workers that share one answer alike. */
  spoolId: id,
  /** This very worker records the call now. */
  capturing: z.boolean(),
  /** The call's end is on disk. */
  ended: z.boolean(),
  /** Up to here everything that this spool was given is on disk. */
  edgeMs: offsetMs,
  /** What the spool holds: a call that moved between workers lies in two of them. Sorted, apart from each other. */
  spans: z.array(span),
  pauses: z.array(followedPause),
});
export type FollowedCall = z.infer<typeof followedCall>;

/** `toMs`: up to where the packets behind this head are complete. */
export const followedAudio = followedCall.extend({ toMs: offsetMs });
export type FollowedAudio = z.infer<typeof followedAudio>;

/** `fromMs`: where the first step begins; `steps` per voice. */
export const followedWaveform = followedCall.extend({
  fromMs: offsetMs,
  steps: z.number().int().nonnegative(),
});
export type FollowedWaveform = z.infer<typeof followedWaveform>;
