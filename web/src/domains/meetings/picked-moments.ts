import type { PickedMoment } from '#contract/meetings.ts';

/** A moment as it stands in a page's address: `clip.…`, `mark.…`, or `span.recording.from.to`. */
export function momentKey({ clipId, bookmarkId, recordingId, fromMs, toMs }: PickedMoment): string {
  if (clipId !== undefined) return `clip.${clipId}`;
  if (bookmarkId !== undefined) return `mark.${bookmarkId}`;
  return `span.${recordingId}.${fromMs}.${toMs}`;
}

/** What the key says, or null for one that says nothing. */
export function momentOf(key: string): PickedMoment | null {
  const [kind, id, from, to] = key.split('.');
  if (!id) return null;
  if (kind === 'clip') return { clipId: id };
  if (kind === 'mark') return { bookmarkId: id };
  const [fromMs, toMs] = [Number(from), Number(to)];
  if (kind !== 'span' || !Number.isInteger(fromMs) || !Number.isInteger(toMs) || toMs <= fromMs) return null;
  return { recordingId: id, fromMs, toMs };
}
