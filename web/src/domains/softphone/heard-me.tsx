import { useInfiniteQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '#contract/endpoint.ts';
import { type HeardMe as Heard, hearingsEndpoints } from '#contract/hearings.ts';
import { call } from '../../app/api.ts';
import type { ApiError } from '../../app/api-error.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { Section } from '../../ui/page.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { useLines } from '../businesses/use-lines.ts';
import styles from './heard-me.module.css';
import { useHearingWords } from './hearing-words.ts';

type Answer = ResponseOf<typeof hearingsEndpoints.ofMe>;

function useHeardMe() {
  return useInfiniteQuery<Answer, ApiError, { pages: Answer[] }, unknown[], number | undefined>({
    queryKey: [hearingsEndpoints.ofMe.id],
    queryFn: ({ pageParam, signal }) =>
      call(hearingsEndpoints.ofMe, { query: { before: pageParam } }, { signal }),
    initialPageParam: undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    refetchInterval: 30_000,
  });
}

/** Everybody who heard a call of mine, live and archived, with start and end; and what the days come to. */
export function HeardMe() {
  const { t } = useTranslation('hearings');
  const format = useFormat();
  const query = useHeardMe();
  const first = query.data?.pages[0];
  const hearings = query.data?.pages.flatMap((page) => page.hearings) ?? [];
  const content = () => {
    if (query.error && !first) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
    if (!first) return <LoadingRows rows={3} height={48} />;
    if (hearings.length === 0) return <EmptyState title={t('me.empty')}>{t('me.emptyBody')}</EmptyState>;
    return (
      <>
        <Days days={first.days} />
        <ul data-testid="heard-me">
          {hearings.map((hearing) => (
            <HeardRow key={hearing.id} hearing={hearing} />
          ))}
        </ul>
        {query.hasNextPage && (
          <p className={styles.more}>
            <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {t('me.older')}
            </Button>
          </p>
        )}
      </>
    );
  };
  return (
    <Section title={t('me.heading')} flush>
      {first?.digestAt && (
        <p className={styles.digest}>{t('me.digest', { when: format.dayAndTime(first.digestAt) })}</p>
      )}
      {content()}
    </Section>
  );
}

/** One sentence a day: the summary. */
function Days({ days }: { days: Answer['days'] }) {
  const { t } = useTranslation('hearings');
  const format = useFormat();
  if (days.length === 0) return null;
  return (
    <ul className={styles.days} aria-label={t('me.days')}>
      {days.map(({ from, people, calls }) => (
        <li key={from}>
          {t('me.day', {
            day: format.dayName(from),
            people: t('me.people', { count: people }),
            count: calls,
          })}
        </li>
      ))}
    </ul>
  );
}

function HeardRow({ hearing }: { hearing: Heard }) {
  const { t } = useTranslation('hearings');
  const softphone = useTranslation('softphone');
  const local = useLocalText();
  const format = useFormat();
  const words = useHearingWords();
  const { scenarioName } = useLines();
  const about = scenarioName(hearing.facts.scenarioId) || softphone.t('own.noScenario');
  return (
    <li className={styles.row} data-running={hearing.until === null}>
      <div>
        <p className={styles.who}>{local(hearing.name)}</p>
        <p className={styles.meta}>{local(hearing.title)}</p>
      </div>
      <div>
        <p>
          {hearing.until === null && <span className={styles.dot} aria-hidden />}
          {words(hearing)}
        </p>
        <p className={styles.meta}>
          {hearing.callStartedAt === null
            ? about
            : t('me.ofCall', { about, when: format.dayAndTime(hearing.callStartedAt) })}
        </p>
      </div>
    </li>
  );
}
