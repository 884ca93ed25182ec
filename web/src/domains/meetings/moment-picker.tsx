import { Checkbox } from 'antd';
import { useTranslation } from 'react-i18next';
import { bookmarksEndpoints } from '#contract/bookmarks.ts';
import { clipsEndpoints } from '#contract/clips.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { useLines } from '../businesses/use-lines.ts';
import styles from './meetings.module.css';
import { momentKey } from './picked-moments.ts';

/** My clips and marks, to be picked one by one. */
export function MomentPicker({
  picked,
  onToggle,
}: {
  picked: readonly string[];
  onToggle: (key: string, on: boolean) => void;
}) {
  const { t } = useTranslation('meetings');
  const format = useFormat();
  const { lineName } = useLines();
  const marks = useApiQuery(bookmarksEndpoints.list, { query: { mine: 'true' } });
  const clips = useApiQuery(clipsEndpoints.list, { query: {} });
  const error = marks.error ?? clips.error;
  if (error && (!marks.data || !clips.data)) {
    return <ErrorState error={error} onRetry={() => void Promise.all([marks.refetch(), clips.refetch()])} />;
  }
  if (!marks.data || !clips.data) return <LoadingRows rows={4} height={44} />;
  const markIds = new Set<string | null>(marks.data.bookmarks.map(({ id }) => id));
  const groups = [
    {
      name: t('new.clips'),
      moments: clips.data.clips
        // A clip that only says what its mark says stands there as the mark.
        .filter(({ state, title, bookmarkId }) => state !== 'failed' && (title || !markIds.has(bookmarkId)))
        .map(({ id, title, lineId, createdAt, recordingId, toMs, fromMs }) => ({
          key: momentKey({ clipId: id }),
          title: title || t('new.unnamed'),
          more: `${lineName(lineId)} · ${format.clockLength(toMs - fromMs)} · ${format.dayAndTime(createdAt)}`,
          there: recordingId !== null,
        })),
    },
    {
      name: t('new.marks'),
      moments: marks.data.bookmarks.map(({ id, note, lineId, createdAt, recordingId, offsetMs }) => ({
        key: momentKey({ bookmarkId: id }),
        title: note || t('new.unnamed'),
        more: `${lineName(lineId)} · ${format.clockLength(offsetMs)} · ${format.dayAndTime(createdAt)}`,
        there: recordingId !== null,
      })),
    },
  ].filter(({ moments }) => moments.length > 0);
  if (groups.length === 0) {
    return <EmptyState title={t('new.none')}>{t('new.noneBody')}</EmptyState>;
  }
  return (
    <div className={styles.picker} data-testid="moment-picker">
      {groups.map(({ name, moments }) => (
        <fieldset key={name} className={styles.group}>
          <legend>{name}</legend>
          {moments.map(({ key, title, more, there }) => (
            <Checkbox
              key={key}
              className={styles.choice ?? ''}
              checked={picked.includes(key)}
              disabled={!there}
              onChange={(event) => onToggle(key, event.target.checked)}
            >
              <span className={styles.strong}>{title}</span>
              <span className={styles.meta}> {there ? more : t('new.notArchived')}</span>
            </Checkbox>
          ))}
        </fieldset>
      ))}
    </div>
  );
}
