import { useTranslation } from 'react-i18next';
import { usePerson } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { Monogram } from '../../ui/monogram.tsx';
import type { ListeningState } from './listening-state.ts';
import styles from './live-room.module.css';

/** Who else is in the room, the host marked. */
export function Roster({ state }: { state: ListeningState }) {
  const { t } = useTranslation('listening');
  const local = useLocalText();
  const me = usePerson();
  return (
    <section className={styles.card} aria-label={t('roster.heading')}>
      <h2 className={styles.cardTitle}>
        {t('roster.heading')}
        <span className={styles.cardAside}>{t('roster.count', { count: state.roster.length })}</span>
      </h2>
      <ul className={styles.roster}>
        {state.roster.map((entry) => (
          <li key={entry.personId} className={styles.rosterEntry}>
            <Monogram name={local(entry.name)} />
            <div className={styles.otherWords}>
              <p className={styles.otherAbout}>
                {local(entry.name)}
                {entry.personId === me.id && <span className={styles.tag}>{t('roster.you')}</span>}
                {entry.host && <span className={styles.tag}>{t('roster.host')}</span>}
              </p>
              <p className={styles.otherMeta}>{local(entry.title)}</p>
            </div>
            {entry.callId && <span className={styles.listens}>{t('roster.listening')}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
