import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Call } from '#contract/calls.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { useLines } from '../businesses/use-lines.ts';
import styles from './softphone.module.css';

/** A call of ours that no page holds: after a reload, or opened elsewhere. */
export function StillOpen({
  call,
  onTake,
  onHangUp,
}: {
  call: Call;
  onTake: () => void;
  onHangUp: () => void;
}) {
  const { t } = useTranslation('softphone');
  const format = useFormat();
  const { lineName } = useLines();
  return (
    <section className={styles.card} aria-labelledby="still-open">
      <div>
        <h2 id="still-open">{t('stillOpen.heading')}</h2>
        <p className={styles.muted}>
          {lineName(call.lineId)} · {t('stillOpen.body', { when: format.dayAndTime(call.openedAt) })}
        </p>
      </div>
      <div className={styles.buttons}>
        <Button type="primary" size="large" onClick={onTake} data-testid="resume-call">
          {t('action.resumeCall')}
        </Button>
        <Button size="large" danger onClick={onHangUp}>
          {t('action.hangUp')}
        </Button>
      </div>
    </section>
  );
}

/** Another window of the agent took the call. */
export function TakenOver({ onTake }: { onTake: () => void }) {
  const { t } = useTranslation('softphone');
  return (
    <section className={styles.card} aria-labelledby="taken-over">
      <div>
        <h2 id="taken-over">{t('elsewhere.heading')}</h2>
        <p className={styles.muted}>{t('elsewhere.body')}</p>
      </div>
      <div className={styles.buttons}>
        <Button size="large" onClick={onTake}>
          {t('action.takeOver')}
        </Button>
      </div>
    </section>
  );
}

/** How the call before went, above the form for the next one. */
export function CallOver({ talkedMs }: { talkedMs: number | null }) {
  const { t } = useTranslation('softphone');
  const format = useFormat();
  return (
    <p className={styles.overNote} data-testid="call-over">
      <span className={styles.dot} aria-hidden />
      <strong>{t('over.heading')}</strong>
      <span className={styles.muted}>
        {talkedMs === null
          ? t('over.notTalked')
          : t('over.talked', { length: format.spokenLength(talkedMs) })}
      </span>
    </p>
  );
}
