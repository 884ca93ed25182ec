import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '#contract/endpoint.ts';
import { hearingsEndpoints } from '#contract/hearings.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { ErrorState, LoadingRows } from '../../ui/states.tsx';
import styles from './line-history.module.css';
import { useLineNumbers } from './line-numbers.ts';
import { pieceMs, stretchesOf, troubleOf } from './line-stretches.ts';

type Windows = ResponseOf<typeof hearingsEndpoints.line>['windows'];

const stretchesShown = 4;

/** All that was measured of one listening: said in words, and drawn. */
export function LineDetails({ hearingId, endedAt }: { hearingId: string; endedAt: number | null }) {
  const query = useApiQuery(hearingsEndpoints.line, { params: { id: hearingId } });
  if (query.error) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) {
    return (
      <div className={styles.details}>
        <LoadingRows rows={1} height={72} />
      </div>
    );
  }
  return <Details windows={query.data.windows} endedAt={endedAt} />;
}

function Details({ windows, endedAt }: { windows: Windows; endedAt: number | null }) {
  const { t } = useTranslation('lines');
  const format = useFormat();
  const numbers = useLineNumbers();
  const first = windows[0]?.at;
  if (first === undefined) return <p className={styles.details}>{t('history.graph.none')}</p>;
  const last = (windows.at(-1)?.at ?? first) + pieceMs;
  const stretches = stretchesOf(windows, endedAt);
  const longest = stretches
    .toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))
    .slice(0, stretchesShown)
    .sort((a, b) => a.fromMs - b.fromMs);
  const count = stretches.length;
  const sentence =
    count === 0
      ? t('history.graph.fine')
      : count > stretchesShown
        ? t('history.graph.amissFirst', { count })
        : t('history.graph.amiss', { count });
  const from = format.timeOfDay(first);
  const to = format.timeOfDay(last);
  return (
    <div className={styles.details}>
      <figure className={styles.figure}>
        <Graph windows={windows} label={t('history.graph.label', { from, to, sentence })} />
        <figcaption className={styles.axis}>
          <span>{from}</span>
          <span className={styles.key}>{t('history.graph.key')}</span>
          <span>{to}</span>
        </figcaption>
      </figure>
      <p>{sentence}</p>
      {count > 0 && (
        <ul className={styles.stretches}>
          {longest.map(({ fromMs, toMs, grade, worst }) => (
            <li key={fromMs}>
              {t('history.graph.stretch', {
                span: `${format.timeOfDay(fromMs)}, ${format.spokenLength(toMs - fromMs)}`,
                grade: t(`history.graph.grade.${grade}`),
                numbers: numbers(worst),
              })}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const height = 64;
/** Where a line begins to be noticed: half of what makes it poor. */
const noticed = height / 2;

function Graph({ windows, label }: { windows: Windows; label: string }) {
  const first = windows[0]?.at ?? 0;
  const span = Math.max(12 * pieceMs, (windows.at(-1)?.at ?? first) + pieceMs - first);
  return (
    <svg
      className={styles.graph}
      viewBox={`0 0 1000 ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {windows.map((window) => {
        const { trouble, grade } = troubleOf(window);
        const tall = Math.max(3, trouble * height);
        return (
          <rect
            key={window.at}
            className={styles[`cell-${grade}`]}
            x={((window.at - first) / span) * 1000}
            y={height - tall}
            width={Math.max(1, (pieceMs / span) * 1000 * 0.85)}
            height={tall}
          />
        );
      })}
      <line className={styles.bound} x1="0" x2="1000" y1={height - noticed} y2={height - noticed} />
    </svg>
  );
}
