import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { RecordingSummary } from '#contract/recordings.ts';
import { talkShares } from '../../ui/timeline/timeline-model.ts';

type Thumbnail = NonNullable<RecordingSummary['thumbnail']>;

const height = 32;
const middle = height / 2;

/** A tiny picture of a call: the agent above the line, the customer below, as on the timeline. Two paths, no canvas. */
export const WaveformThumbnail = memo(function WaveformThumbnail({
  thumbnail,
  className,
}: {
  thumbnail: Thumbnail;
  className?: string | undefined;
}) {
  const { t } = useTranslation('recordings');
  const { agent, customer } = talkShares({ bucketMs: 1, channels: thumbnail });
  const points = Math.max(1, thumbnail.agent.length, thumbnail.customer.length);
  return (
    <svg
      className={className}
      viewBox={`0 0 ${points * 3} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={t('picture', {
        agent: Math.round(agent * 100),
        customer: Math.round(customer * 100),
      })}
    >
      <path d={bars(thumbnail.agent, -1)} stroke="var(--cl-agent)" strokeWidth="2" />
      <path d={bars(thumbnail.customer, 1)} stroke="var(--cl-customer)" strokeWidth="2" />
    </svg>
  );
});

function bars(values: readonly number[], direction: 1 | -1): string {
  const loudest = Math.max(96, ...values);
  return values
    .map((value, index) => {
      const length = Math.max(0.75, (value / loudest) * (middle - 1.5));
      return `M${index * 3 + 1.5} ${middle + direction * 0.75}v${(direction * length).toFixed(1)}`;
    })
    .join('');
}
