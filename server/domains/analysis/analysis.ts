import type { AnalyseJob, AnalysisSummary, TrackSpan } from '#contract/analysis.ts';
import type { RecordingGap } from '#contract/recordings.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';

/** What is kept of a recording's analysis. Its own record: a recording is heard whether it was analysed or not. */
export interface StoredAnalysis {
  /** The recording's. */
  readonly id: string;
  readonly callId: string;
  /** Which analysis was asked for: {@link analysisVersion} of then. */
  readonly version: number;
  readonly state: 'waiting' | 'done' | 'failed';
  readonly stateAt: number;
  /** How often it was queued. */
  readonly attempts: number;
  readonly summary: AnalysisSummary | null;
  /** The track in the object store. */
  readonly trackKey: string | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/** Raised when recordings of before are to be analysed again. */
export const analysisVersion = 1;

/** What waits for so long is queued again; each time it may take twice as long. ms */
const firstPatienceMs = 10 * 60_000;
const longestPatienceMs = 6 * 3_600_000;

export const patienceOf = ({ attempts }: Pick<StoredAnalysis, 'attempts'>): number =>
  Math.min(longestPatienceMs, firstPatienceMs * 2 ** Math.max(0, attempts - 1));

/** The job that analyses a recording, or null while there is nothing to analyse. */
export function jobOf(recording: StoredRecording): AnalyseJob | null {
  const audio = recording.files.find(({ kind }) => kind === 'audio');
  if (recording.state !== 'archived' || recording.durationMs === null || !audio) return null;
  const { key, bytes, sha256 } = audio;
  return {
    recordingId: recording.id,
    callId: recording.callId,
    durationMs: recording.durationMs,
    audio: { key, bytes, sha256 },
    holds: holdsOf(recording.gaps),
  };
}

/** When the conversation rested: on hold, or paused for something that nobody may hear. */
function holdsOf(gaps: readonly RecordingGap[]): TrackSpan[] {
  const rests = gaps
    .filter(({ cause }) => cause === 'hold' || cause === 'pause')
    .map(({ fromMs, toMs }): TrackSpan => [fromMs, toMs])
    .sort(([a], [b]) => a - b);
  const joined: TrackSpan[] = [];
  for (const [from, to] of rests) {
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}
