import { useTranslation } from 'react-i18next';
import styles from './shell.module.css';

/** The product's mark: the two voices, and its name. */
export function Brand() {
  const { t } = useTranslation();
  return (
    <span className={styles.brand}>
      <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
        <rect width="32" height="32" rx="8" fill="#0e1420" />
        <g strokeWidth="2.6" strokeLinecap="round">
          <path d="M8 14v-2M13 14V7M18 14v-4M23 14v-2" stroke="#5b8df5" />
          <path d="M8 18v3M13 18v2M18 18v7M23 18v3" stroke="#e8833a" />
        </g>
      </svg>
      {t('product')}
    </span>
  );
}
