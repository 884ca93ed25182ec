import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '#contract/endpoint.ts';
import type { softphoneEndpoints } from '#contract/softphone.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { LiveBadge } from '../../ui/live-badge.tsx';
import { Section } from '../../ui/page.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { useHearingWords } from './hearing-words.ts';
import styles from './own-calls.module.css';
import { useOwnCalls } from './use-own-calls.ts';

type OwnCall = ResponseOf<typeof softphoneEndpoints.mine>['calls'][number];

/** My calls, and under each who heard it. `lead` says something of them all. */
export function OwnCalls({ lead }: { lead?: ReactNode }) {
  const { t } = useTranslation('softphone');
  const own = useOwnCalls();
  const list = () => {
    if (own.error && !own.data) return <ErrorState error={own.error} onRetry={() => void own.refetch()} />;
    if (!own.data) return <LoadingRows rows={3} height={64} />;
    if (own.data.calls.length === 0) {
      return <EmptyState title={t('own.empty')}>{t('own.emptyBody')}</EmptyState>;
    }
    return (
      <ul data-testid="own-calls">
        {own.data.calls.map((call) => (
          <OwnCallRow key={call.id} call={call} />
        ))}
      </ul>
    );
  };
  return (
    <Section title={t('own.heading')} flush>
      {lead}
      {list()}
    </Section>
  );
}

function OwnCallRow({ call }: { call: OwnCall }) {
  const { t } = useTranslation('softphone');
  const { lineName, scenarioName } = useLines();
  return (
    <li className={styles.row}>
      <div className={styles.when}>
        <When at={call.startedAt ?? call.openedAt} />
      </div>
      <div className={styles.what}>
        <p className={styles.about}>{scenarioName(call.facts.scenarioId) || t('own.noScenario')}</p>
        <p className={styles.meta}>
          <span>{lineName(call.lineId)}</span>
          <HowItStands call={call} />
        </p>
      </div>
      <HeardBy call={call} />
    </li>
  );
}

function HowItStands({ call }: { call: OwnCall }) {
  const { t } = useTranslation('softphone');
  const format = useFormat();
  if (call.state === 'live')
    return <LiveBadge onAir={{ state: 'live', since: call.startedAt ?? call.openedAt }} />;
  if (call.state === 'open') return <span>{t('own.waiting')}</span>;
  if (call.startedAt === null || call.endedAt === null) return <span>{t('own.missed')}</span>;
  const { endReason } = call;
  return (
    <>
      <span>{format.clockLength(call.endedAt - call.startedAt)}</span>
      {(endReason === 'media-timeout' || endReason === 'server-stop') && (
        <span>{t(`own.endedBy.${endReason}`)}</span>
      )}
    </>
  );
}

function HeardBy({ call }: { call: OwnCall }) {
  const { t } = useTranslation('softphone');
  const hearings = useTranslation('hearings');
  const local = useLocalText();
  const words = useHearingWords();
  const { notice } = call;
  if (call.heardBy.length === 0) {
    // "Nobody" is only said where it is known.
    const later = notice === 'digest' || (notice === 'afterwards' && call.state !== 'ended');
    return <p className={styles.nobody}>{later ? hearings.t(`told.${notice}`) : t('own.nobody')}</p>;
  }
  return (
    <div className={styles.heard}>
      <p className="cl-visually-hidden">{t('own.heardBy')}</p>
      <ul>
        {call.heardBy.map((hearing) => (
          <li key={`${hearing.name.en} ${hearing.at} ${hearing.way}`} className={styles.hearing}>
            <span className={styles.hearer} title={local(hearing.title)}>
              {local(hearing.name)}
            </span>
            <span className={styles.meta}>{words(hearing)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
