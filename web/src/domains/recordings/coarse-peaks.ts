import type { RecordingDetail } from '#contract/recordings.ts';
import type { TimelinePeaks } from '../../ui/timeline/timeline-model.ts';

/** Buckets of the first picture: enough for bars side by side. */
const coarseBuckets = 512;

/** The thumbnail of the list as a first picture, until the fine peaks are there. */
export function coarsePeaks(
  recording: Pick<RecordingDetail, 'thumbnail'>,
  durationMs: number,
): TimelinePeaks {
  const stretch = (values: readonly number[]) =>
    Array.from({ length: coarseBuckets }, (_, bucket) => {
      const at = (bucket / (coarseBuckets - 1)) * (values.length - 1);
      const before = values[Math.floor(at)] ?? 0;
      const after = values[Math.ceil(at)] ?? 0;
      return Math.round(before + (after - before) * (at % 1));
    });
  const { agent, customer } = recording.thumbnail ?? { agent: [0], customer: [0] };
  return {
    bucketMs: durationMs / coarseBuckets,
    channels: { agent: stretch(agent), customer: stretch(customer) },
  };
}
