import { useTranslation } from 'react-i18next';
import { sameWallClock, timeOfDay, zoneName } from './format/time.ts';
import { useFormat } from './format/use-format.ts';
import styles from './when.module.css';

/**
 * A moment, or a span with `until`, as people say it; absolute on hover. With `zone` (a slot's own) the wall clock
 * there is added when it is not the reader's. With `named` the reader's zone is said, too.
 */
export function When({
  at,
  until,
  zone,
  named = false,
}: {
  at: number;
  until?: number;
  zone?: string;
  named?: boolean;
}) {
  const format = useFormat();
  const { t } = useTranslation('seats');
  const foreign = zone !== undefined && !sameWallClock(at, zone, format.zone);
  const there = foreign && {
    zone: zoneName(at, { zone, language: format.language }),
    time: timeOfDay(at, { zone, language: format.language }),
  };
  return (
    <time dateTime={new Date(at).toISOString()} title={format.absolute(at)}>
      {until === undefined ? format.dayAndTime(at) : format.span(at, until)}
      {named && <span className={styles.there}> {format.zoneName(at)}</span>}
      {there && <span className={styles.there}> {t('zoneThere', there)}</span>}
    </time>
  );
}
