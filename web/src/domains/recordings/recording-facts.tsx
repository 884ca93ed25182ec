import { Tooltip } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RecordingDetail } from '#contract/recordings.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { Monogram } from '../../ui/monogram.tsx';
import { Section } from '../../ui/page.tsx';
import { VoiceName } from '../../ui/voice-name.tsx';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import styles from './recording-facts.module.css';
import { useCustomerName } from './recording-row.tsx';

/** What is known about the call, and why some of it is masked. */
export function RecordingFacts({ recording }: { recording: RecordingDetail }) {
  const { t } = useTranslation('recordings');
  const local = useLocalText();
  const format = useFormat();
  const { lineName, scenarioName } = useLines();
  const customerName = useCustomerName();
  const { facts, agentName, durationMs, coverage } = recording;
  const rows: [label: string, value: ReactNode][] = [
    [
      t('facts.agent'),
      <VoiceName key="agent" voice="agent">
        {agentName ? local(agentName) : t('unknownAgent')}
      </VoiceName>,
    ],
    [
      t('facts.customer'),
      <Tooltip key="customer" title={t('facts.maskedWhy')}>
        <span>
          <VoiceName voice="customer">{customerName(recording.customerMasked)}</VoiceName>
        </span>
      </Tooltip>,
    ],
    [t('facts.line'), lineName(recording.lineId)],
    [t('facts.scenario'), scenarioName(facts.scenarioId)],
    [t('facts.product'), facts.product && local(facts.product)],
    [t('facts.order'), facts.orderId],
    [t('facts.when'), <When key="when" at={recording.startedAt} named />],
    [t('facts.length'), durationMs !== null && format.spokenLength(durationMs)],
    [
      t('facts.kept'),
      coverage !== null &&
        (coverage >= 1 ? t('facts.keptAll') : t('facts.keptPart', { percent: format.percent(coverage) })),
    ],
  ];
  return (
    <Section title={t('facts.heading')}>
      <dl className={styles.facts}>
        {rows
          .filter(([, value]) => value)
          .map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </Section>
  );
}

/** Trust is visible: everybody who heard this call, live or replayed. */
export function HeardBy({ recording }: { recording: RecordingDetail }) {
  const { t } = useTranslation('recordings');
  const local = useLocalText();
  return (
    <Section title={t('heard.heading')}>
      {recording.heardBy.length === 0 ? (
        <p className={styles.why}>{t('heard.empty')}</p>
      ) : (
        <ul className={styles.people}>
          {recording.heardBy.map((hearing) => (
            <li key={`${hearing.at}-${hearing.name.en}`} className={styles.person}>
              <Monogram name={local(hearing.name)} />
              <div>
                <p className={styles.name}>{local(hearing.name)}</p>
                <p className={styles.why}>
                  {local(hearing.title)}
                  <br />
                  {hearing.live ? t('heard.live') : t('heard.replay')} · <When at={hearing.at} />
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
      <p className={styles.note}>{t('heard.why')}</p>
    </Section>
  );
}
