import type { AnalysisTrack, TrackSpan, Voice } from '#contract/analysis.ts';

/** Something on the ribbon that one may want to go to. */
export interface RibbonEvent {
  readonly kind: 'interruption' | 'dead-air' | 'raised';
  readonly fromMs: number;
  /** The same as `fromMs` for a moment. */
  readonly toMs: number;
  /** Whose it is; nobody's for dead air. */
  readonly by: Voice | null;
}

/** Everything worth going to, in the order of time. */
export function ribbonEvents(track: AnalysisTrack): RibbonEvent[] {
  const raised = (by: Voice) =>
    track.raised[by].map(([fromMs, toMs]): RibbonEvent => ({ kind: 'raised', fromMs, toMs, by }));
  return [
    ...track.interruptions.map(
      ({ atMs, by }): RibbonEvent => ({ kind: 'interruption', fromMs: atMs, toMs: atMs, by }),
    ),
    ...track.deadAir.map(([fromMs, toMs]): RibbonEvent => ({ kind: 'dead-air', fromMs, toMs, by: null })),
    ...raised('agent'),
    ...raised('customer'),
  ].sort((a, b) => a.fromMs - b.fromMs);
}

/** Half the thickness of a voice's line when it is as usual, and the least and most of it; shares of its lane's half. */
const usual = 0.42;
const least = 0.22;

/** How thick the line is at a value of the arousal hint, 0 to 1; null is as usual. */
export function thickness(value: number | null): number {
  if (value === null) return usual;
  return value >= 0 ? usual + (1 - usual) * (value / 100) : usual + (usual - least) * (value / 100);
}

/**
 * A voice's line as an SVG path: x in ms, y in pixels around `middle`, at most `half` to either side. It is there where
 * the voice speaks, and as thick as the voice is stirred.
 */
export function voicePath(track: AnalysisTrack, voice: Voice, middle: number, half: number): string {
  const { stepMs } = track.arousal;
  const values = track.arousal[voice];
  const parts: string[] = [];
  for (const [from, to] of track.speech[voice]) {
    for (let start = from; start < to; ) {
      const step = Math.floor(start / stepMs);
      const end = Math.min(to, (step + 1) * stepMs);
      const reach = (half * thickness(values[step] ?? null)).toFixed(2);
      parts.push(`M${start} ${middle}v-${reach}H${end}v${(2 * Number(reach)).toFixed(2)}H${start}z`);
      start = end;
    }
  }
  return parts.join('');
}

/** Spans as one SVG path of rectangles, x in ms. */
export function spansPath(spans: readonly TrackSpan[], top: number, height: number): string {
  return spans.map(([from, to]) => `M${from} ${top}H${to}v${height}H${from}z`).join('');
}
