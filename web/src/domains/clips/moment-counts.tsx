import { PushpinOutlined, ScissorOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import type { MomentCounts as Counts } from './use-moment-counts.ts';

/** That a recording has moments worth hearing, and how many. */
export function MomentCounts({ counts, className }: { counts: Counts; className?: string | undefined }) {
  const { t } = useTranslation('clips');
  const { bookmarks, clips } = counts;
  return (
    <>
      {bookmarks > 0 && (
        <span className={className} title={t('counts.bookmarks', { count: bookmarks })}>
          <PushpinOutlined aria-hidden /> {t('counts.bookmarks', { count: bookmarks })}
        </span>
      )}
      {clips > 0 && (
        <span className={className} title={t('counts.clips', { count: clips })}>
          <ScissorOutlined aria-hidden /> {t('counts.clips', { count: clips })}
        </span>
      )}
    </>
  );
}
