import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';
import { DryRun } from './dry-run.tsx';
import { Holds } from './holds.tsx';
import { Policies } from './policies.tsx';
import styles from './retention.module.css';
import { RetentionLog } from './retention-log.tsx';

/** What is kept for how long, what goes when, and what is held. */
export function RetentionPage() {
  const { t } = useTranslation('retention');
  return (
    <Page title={t('title')} wide lead={t('lead')}>
      <div className={styles.columns}>
        <div className={styles.column}>
          <Policies />
          <DryRun />
        </div>
        <div className={styles.column}>
          <Holds />
          <RetentionLog />
        </div>
      </div>
    </Page>
  );
}
