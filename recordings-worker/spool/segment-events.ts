import { z } from 'zod';
import { captureLeg } from '#contract/capture.ts';
import { id } from '#contract/primitives.ts';

const atMs = z.number();
const index = z.number().int().min(0).max(254);

/** One line of a segment's events file: JSON, times in UTC ms. The first line is the `segment` itself. */
export const segmentEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('segment'),
    version: z.literal(1),
    captureId: id,
    callId: id,
    recordingId: id,
    workerId: id,
    openedAt: atMs,
    /** The tap's last acknowledged sequence when this segment began: orders the segments of a call. */
    after: z.number().int().nonnegative(),
  }),
  /** `file` holds this leg's packets; it appears with the first one. `restated`: no item of its own in this segment. */
  z.strictObject({
    type: z.literal('leg'),
    index,
    file: z.string(),
    leg: captureLeg,
    restated: z.literal(true).optional(),
  }),
  z.strictObject({ type: z.literal('hold'), index, on: z.boolean(), atMs }),
  /** All legs: nothing is captured from `sinceMs` on; with `on` false, until `atMs`. */
  z.strictObject({ type: z.literal('pause'), on: z.boolean(), sinceMs: atMs, atMs }),
  z.strictObject({ type: z.literal('leg-end'), index, atMs }),
  /**
   * The tap could not give packets between these arrivals; `fromMs` null when it was before the first one. `skipped`:
   * the tap's sequences, first and last. Another copy may have them.
   */
  z.strictObject({
    type: z.literal('dropped'),
    fromMs: atMs.nullable(),
    toMs: atMs,
    packets: z.number().int(),
    skipped: z.array(z.tuple([z.number().int(), z.number().int()])).optional(),
  }),
  z.strictObject({ type: z.literal('call-end'), atMs }),
]);
export type SegmentEvent = z.infer<typeof segmentEvent>;
export type SegmentHead = Extract<SegmentEvent, { type: 'segment' }>;

/** The whole lines of an events file. A torn last line, or one that a crash garbled, ends the reading. */
export function parseSegmentEvents(text: string): SegmentEvent[] {
  const events: SegmentEvent[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    try {
      events.push(segmentEvent.parse(JSON.parse(line)));
    } catch {
      break;
    }
  }
  return events;
}
