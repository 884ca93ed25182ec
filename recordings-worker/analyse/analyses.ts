import type { AnalyseJob } from '#contract/analysis.ts';
import { analyse } from './analyst-process.ts';
import type { FollowUp } from './follow-ups.ts';

/** Raised when the same sound would give another track. */
const analyserVersion = 1;

/** Who speaks when, and how. `atATime` recordings at a time. */
export function analyses(atATime: number): FollowUp<'analyse'> {
  return {
    queue: 'analyse',
    what: 'analysis',
    atATime,
    async make({ durationMs, holds }: AnalyseJob, master, signal) {
      const rests = holds.map(([fromMs, toMs]) => ({ fromMs, toMs }));
      const track = await analyse({ master, durationMs, holds: rests }, signal);
      return {
        json: JSON.stringify(track),
        facts: { analyserVersion },
        tell: (file) => ({ kind: 'analysed', file, summary: track.summary }),
      };
    },
  };
}
