import { PlusOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type RetentionPolicy, retentionEndpoints } from '#contract/retention.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useMay } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { Section } from '../../ui/page.tsx';
import { ErrorState, LoadingRows } from '../../ui/states.tsx';
import { PolicyDrawer } from './policy-drawer.tsx';
import styles from './retention.module.css';
import { useRetentionWords } from './retention-words.ts';

/** Every rule with its floor and ceiling, the most special ones first, as they count. */
export function Policies() {
  const { t } = useTranslation('retention');
  const manages = useMay()('retention.manage');
  const query = useApiQuery(retentionEndpoints.policies, {});
  const [edited, setEdited] = useState<RetentionPolicy | 'new' | null>(null);
  const content = () => {
    if (query.error && !query.data)
      return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
    if (!query.data) return <LoadingRows rows={2} height={56} />;
    return (
      <ul data-testid="policies">
        {[...query.data.policies].sort(bySpecialty).map((policy) => (
          <PolicyRow key={policy.id} policy={policy} onEdit={manages ? () => setEdited(policy) : null} />
        ))}
      </ul>
    );
  };
  return (
    <Section
      title={t('policies.heading')}
      flush
      aside={
        manages && (
          <Button icon={<PlusOutlined aria-hidden />} onClick={() => setEdited('new')}>
            {t('policies.add')}
          </Button>
        )
      }
    >
      {content()}
      <p className={styles.foot}>{t('policies.why')}</p>
      <p className={styles.foot}>{t('policies.rooms')}</p>
      <PolicyDrawer policy={edited} onClose={() => setEdited(null)} />
    </Section>
  );
}

function bySpecialty(one: RetentionPolicy, other: RetentionPolicy): number {
  const rank = ({ lineId, recordingClass }: RetentionPolicy) =>
    (lineId === null ? 0 : 2) + (recordingClass === null ? 0 : 1);
  return rank(other) - rank(one);
}

function PolicyRow({ policy, onEdit }: { policy: RetentionPolicy; onEdit: (() => void) | null }) {
  const { t } = useTranslation('retention');
  const local = useLocalText();
  const format = useFormat();
  const words = useRetentionWords();
  const scope = words.scopeOf(policy);
  return (
    <li className={styles.row}>
      <div className={styles.rowWords}>
        <p className={styles.rowTitle}>{scope}</p>
        <p className={styles.meta}>
          {policy.updatedBy
            ? t('policies.changed', {
                name: local(policy.updatedBy.name),
                when: format.dayAndTime(policy.updatedAt),
              })
            : t('policies.own')}
        </p>
      </div>
      <div className={styles.span}>
        <p className={styles.strong}>{words.ceilingOf(policy)}</p>
        <p className={styles.meta}>{words.floorOf(policy)}</p>
      </div>
      {onEdit && (
        <Button size="small" type="text" onClick={onEdit} aria-label={t('policies.editOf', { scope })}>
          {t('policies.edit')}
        </Button>
      )}
    </li>
  );
}
