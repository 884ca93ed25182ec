import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocalText } from '../../i18n/language.ts';
import { VoiceName } from '../../ui/voice-name.tsx';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import type { ListeningState } from './listening-state.ts';
import styles from './live-room.module.css';

/** What the telephony side knows of the call. */
export function CallFacts({ state }: { state: ListeningState }) {
  const { t } = useTranslation('listening');
  const local = useLocalText();
  const { lineName, scenarioName } = useLines();
  const { call } = state;
  return (
    <section className={styles.card} aria-label={t('facts.heading')}>
      <h2 className={styles.cardTitle}>{t('facts.heading')}</h2>
      {!call ? (
        <p className={styles.muted}>{t('facts.none')}</p>
      ) : (
        <>
          <p className={styles.about}>{scenarioName(call.facts.scenarioId) || t('facts.unknownScenario')}</p>
          <dl className={styles.facts}>
            {call.facts.product && <Fact name={t('facts.product')}>{local(call.facts.product)}</Fact>}
            {call.facts.orderId && <Fact name={t('facts.order')}>{call.facts.orderId}</Fact>}
            {call.agentName && (
              <Fact name={t('facts.agent')}>
                <VoiceName voice="agent">{local(call.agentName)}</VoiceName>
              </Fact>
            )}
            {call.customerMasked && (
              <Fact name={t('facts.customer')}>
                <VoiceName voice="customer">
                  <span className={styles.masked}>{call.customerMasked}</span>
                </VoiceName>
                <span className={styles.factNote}>{t('facts.masked')}</span>
              </Fact>
            )}
            <Fact name={t('facts.line')}>{lineName(call.lineId)}</Fact>
            <Fact name={t('facts.began')}>
              <When at={call.startedAt ?? call.openedAt} />
            </Fact>
          </dl>
        </>
      )}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
