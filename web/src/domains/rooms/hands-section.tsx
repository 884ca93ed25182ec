import { CloseOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { usePerson } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import type { RoomLink, RoomLinkState } from './room-link.ts';
import styles from './rooms.module.css';
import type { WithRoster } from './together-panel.tsx';

/** Who wants to say something, in the order they asked. */
export function HandsSection({
  link,
  state,
  roster,
}: {
  link: RoomLink;
  state: RoomLinkState;
  roster: WithRoster['roster'];
}) {
  const { t } = useTranslation('rooms');
  const local = useLocalText();
  const format = useFormat();
  const me = usePerson();
  const here = new Set(roster.map(({ personId }) => personId));
  const hands = state.raised.hands.filter(({ personId }) => personId === me.id || here.has(personId));
  const up = hands.some(({ personId }) => personId === me.id);
  return (
    <section className={styles.card} aria-label={t('hands.heading')}>
      <div className={styles.row}>
        <h2 className={styles.cardTitle}>{t('hands.heading')}</h2>
        <Button
          size="small"
          type={up ? 'primary' : 'default'}
          aria-pressed={up}
          disabled={!state.entered}
          onClick={() => void (up ? link.lower(me.id) : link.raise())}
          data-testid="hand"
        >
          {t(up ? 'hands.lower' : 'hands.raise')}
        </Button>
      </div>
      {hands.length === 0 ? (
        <p className={styles.muted}>{t('hands.none')}</p>
      ) : (
        <ol className={styles.hands}>
          {hands.map(({ personId, name, raisedAt }) => (
            <li key={personId} className={styles.hand}>
              <span className={styles.strong}>{local(name)}</span>
              {personId === me.id && <span className={styles.tag}>{t('hands.you')}</span>}
              <span className={styles.since}>{t('hands.since', { time: format.timeOfDay(raisedAt) })}</span>
              {state.host && personId !== me.id && (
                <Button
                  size="small"
                  type="text"
                  icon={<CloseOutlined aria-hidden />}
                  aria-label={t('hands.lowerOther', { name: local(name) })}
                  title={t('hands.lowerOther', { name: local(name) })}
                  onClick={() => void link.lower(personId)}
                />
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
