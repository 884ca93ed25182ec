import { clipAroundMarkMs, clipLengthMs } from '#contract/clips.ts';

/** A span of a recording, ms from its start. */
export interface ClipSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a clip from a mark takes, within the call. `durationMs`: null while the call goes on. */
export function spanAround(atMs: number, durationMs: number | null): ClipSpan {
  const end = durationMs ?? Number.POSITIVE_INFINITY;
  const fromMs = Math.max(0, Math.min(atMs, end) - clipAroundMarkMs.before);
  return withinCall({ fromMs, toMs: atMs + clipAroundMarkMs.after }, end);
}

/** The span made to fit: within the call, neither shorter nor longer than a clip may be. */
export function withinCall({ fromMs, toMs }: ClipSpan, durationMs: number): ClipSpan {
  const { least, most } = clipLengthMs;
  const from = Math.round(Math.max(0, Math.min(fromMs, durationMs - least)));
  const to = Math.round(Math.min(durationMs, Math.max(toMs, from + least), from + most));
  return { fromMs: from, toMs: to };
}

/** One end moved; the other one stays where it is, as far as the bounds allow. */
export function moveEnd(span: ClipSpan, end: 'from' | 'to', atMs: number, durationMs: number): ClipSpan {
  const { least, most } = clipLengthMs;
  if (end === 'from') {
    const fromMs = Math.min(Math.max(0, atMs, span.toMs - most), span.toMs - least);
    return withinCall({ fromMs, toMs: span.toMs }, durationMs);
  }
  const toMs = Math.max(Math.min(durationMs, atMs, span.fromMs + most), span.fromMs + least);
  return withinCall({ fromMs: span.fromMs, toMs }, durationMs);
}
