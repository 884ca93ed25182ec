import type { AnalyseJob, TrackSpan } from '#contract/analysis.ts';
import type { RecordingGap } from '#contract/recordings.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';

/** Raised when recordings of before are to be analysed again. */
export const analysisVersion = 1;

/** The sealed master of a recording, or null while there is none. */
export function masterOf(recording: StoredRecording): Omit<AnalyseJob, 'holds'> | null {
  const audio = recording.files.find(({ kind }) => kind === 'audio');
  if (recording.state !== 'archived' || recording.durationMs === null || !audio) return null;
  const { key, bytes, sha256 } = audio;
  const { id, callId, durationMs } = recording;
  return { recordingId: id, callId, durationMs, audio: { key, bytes, sha256 } };
}

/** The job that analyses a recording, or null while there is nothing to analyse. */
export function analyseJobOf(recording: StoredRecording): AnalyseJob | null {
  const master = masterOf(recording);
  return master && { ...master, holds: holdsOf(recording.gaps) };
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
