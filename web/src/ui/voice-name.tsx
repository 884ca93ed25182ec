import { useTranslation } from 'react-i18next';
import type { LegRole } from '#contract/primitives.ts';
import styles from './voice-name.module.css';

/**
 * A voice by name, in its colour and with its shape: the agent's mark is a square, the customer's a circle, so that
 * colour is never alone. `children` replaces the role's name by the person's.
 */
export function VoiceName({ voice, children }: { voice: LegRole; children?: React.ReactNode }) {
  const { t } = useTranslation();
  return (
    <span className={`${styles.voice} ${styles[voice]}`}>
      <span className={styles.mark} aria-hidden />
      {children ?? t(`voice.${voice}`)}
    </span>
  );
}
