import { Button } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AnalysisSummary, AnalysisTrack, Voice } from '#contract/analysis.ts';
import { useLanguage } from '../../i18n/language.ts';
import { clockLength } from '../../ui/format/time.ts';
import { ErrorNote } from '../../ui/states.tsx';
import { type RibbonEvent, ribbonEvents } from '../../ui/timeline/ribbon-model.ts';
import { useRibbonWords } from '../../ui/timeline/timeline-ribbon.tsx';
import styles from './findings.module.css';
import type { useAnalysis } from './use-analysis.ts';

/** Slower than this is worth saying so. Milliseconds. */
const slowMs = 3_000;
/** A difference in level that makes one strain to hear. dB */
const muchQuieter = 8;
/** More moments than this are found on the ribbon. */
const mostMoments = 6;

/** What the analysis found, as sentences, with the moments to go to; or where the analysis stands. */
export function Findings({
  analysis,
  onSeek,
}: {
  analysis: ReturnType<typeof useAnalysis>;
  onSeek: (ms: number) => void;
}) {
  const { t } = useTranslation('analysis');
  const { shown, track } = analysis;
  if (shown.error && !shown.data) return <ErrorNote error={shown.error} />;
  if (!shown.data || shown.data.state === 'none') return null;
  const { state, summary } = shown.data;
  if (state === 'waiting' || state === 'failed' || !summary) {
    return (
      <p className={styles.state} role="status">
        {t(state === 'failed' ? 'failed' : 'waiting')}
      </p>
    );
  }
  return (
    <section className={styles.findings} aria-label={t('heading')}>
      <h2 className={styles.heading}>{t('heading')}</h2>
      {track.error && <ErrorNote error={track.error} />}
      <Sentences summary={summary} track={track.data} onSeek={onSeek} />
    </section>
  );
}

function Sentences({
  summary,
  track,
  onSeek,
}: {
  summary: AnalysisSummary;
  track: AnalysisTrack | undefined;
  onSeek: (ms: number) => void;
}) {
  const { t } = useTranslation('analysis');
  const words = useSentences();
  const events = track ? ribbonEvents(track) : [];
  const moments = (kind: RibbonEvent['kind'], by?: Voice) => (
    <Moments
      events={events.filter((event) => event.kind === kind && (!by || event.by === by))}
      onSeek={onSeek}
    />
  );
  const rows: [label: string, content: ReactNode][] = [
    [t('response.label'), words.response(summary)],
    [
      t('deadAir.label'),
      <>
        {words.deadAir(summary)} {moments('dead-air')}
      </>,
    ],
    [
      t('interruptions.label'),
      <>
        {words.interruptions(summary)} {moments('interruption')}
      </>,
    ],
    [t('voices.label'), <Voices key="voices" summary={summary} moments={moments} />],
    [t('pace.label'), words.pace(summary)],
    [t('level.label'), words.level(summary)],
  ];
  return (
    <dl className={styles.rows}>
      {rows
        .filter(([, content]) => content !== null)
        .map(([label, content]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{content}</dd>
          </div>
        ))}
    </dl>
  );
}

function Voices({
  summary,
  moments,
}: {
  summary: AnalysisSummary;
  moments: (kind: RibbonEvent['kind'], by: Voice) => ReactNode;
}) {
  const { t } = useTranslation('analysis');
  const { agent, customer } = summary.raised;
  if (agent === null && customer === null) return t('voices.unknown');
  return (
    <>
      {!agent && !customer && <p>{t('voices.even')}</p>}
      {(['customer', 'agent'] as const).map(
        (voice) =>
          (summary.raised[voice] ?? 0) > 0 && (
            <p key={voice}>
              {t(`voices.${voice}`)} {moments('raised', voice)}
            </p>
          ),
      )}
      <p className={styles.why}>{t('voices.why')}</p>
    </>
  );
}

function Moments({ events, onSeek }: { events: readonly RibbonEvent[]; onSeek: (ms: number) => void }) {
  const say = useRibbonWords();
  return events.slice(0, mostMoments).map((event) => (
    <Button
      key={`${event.kind}-${event.by}-${event.fromMs}`}
      type="link"
      size="small"
      className={styles.moment ?? ''}
      aria-label={say(event)}
      onClick={() => onSeek(event.fromMs)}
    >
      {clockLength(event.fromMs)}
    </Button>
  ));
}

/** The figures as sentences; null where there is nothing worth saying. */
function useSentences() {
  const { t } = useTranslation('analysis');
  const language = useLanguage();
  const seconds = (ms: number) => t('seconds', { value: Math.round(ms / 100) / 10 });
  const whole = (ms: number) => t('seconds', { value: Math.round(ms / 1_000) });
  return {
    response({ response }: AnalysisSummary): string {
      const { medianMs, p90Ms } = response;
      if (medianMs === null || p90Ms === null) return t('response.none');
      return t(p90Ms >= slowMs ? 'response.slow' : 'response.quick', {
        median: seconds(medianMs),
        p90: seconds(p90Ms),
      });
    },
    deadAir({ deadAir }: AnalysisSummary): string {
      const { count, totalMs, longest } = deadAir;
      if (!longest) return t('deadAir.none');
      const length = whole(longest.toMs - longest.fromMs);
      return count === 1
        ? t('deadAir.one', { length })
        : t('deadAir.many', { count, length, total: whole(totalMs) });
    },
    interruptions({ interruptions, talk }: AnalysisSummary): string {
      const said: string[] = (['customer', 'agent'] as const)
        .filter((voice) => interruptions[voice] > 0)
        .map((voice) => t(`interruptions.${voice}`, { count: interruptions[voice] }));
      if (said.length === 0) said.push(t('interruptions.none'));
      if (talk.bothMs >= 500) said.push(t('interruptions.both', { length: seconds(talk.bothMs) }));
      // Chinese sentences stand side by side without a space.
      return said.join(language === 'zh-CN' ? '' : ' ');
    },
    pace({ pace: { agent, customer } }: AnalysisSummary): string {
      if (agent !== null && customer !== null) return t('pace.both', { agent, customer });
      if (agent !== null) return t('pace.agent', { agent });
      if (customer !== null) return t('pace.customer', { customer });
      return t('pace.none');
    },
    level({ level: { agent, customer } }: AnalysisSummary): string | null {
      if (agent === null || customer === null || Math.abs(agent - customer) < muchQuieter) return null;
      const count = Math.round(Math.abs(agent - customer));
      return t(agent > customer ? 'level.customer' : 'level.agent', { count });
    },
  };
}

/** What the ribbon's lines and marks mean. */
export function RibbonLegend({ track }: { track: AnalysisTrack }) {
  const { t } = useTranslation('analysis');
  return (
    <p className={styles.legend}>
      <span>{t('legend.thick')}</span>
      {track.overlaps.length > 0 && <span>{t('legend.grey')}</span>}
      {track.deadAir.length > 0 && <span>{t('legend.dots')}</span>}
      {track.interruptions.length > 0 && <span>{t('legend.arrow')}</span>}
    </p>
  );
}
