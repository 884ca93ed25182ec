import { AudioMutedOutlined, ExclamationCircleOutlined } from '@ant-design/icons';
import { Tooltip } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Masking } from '#contract/masking.ts';
import styles from './clips.module.css';

/** What was done about personal data in a piece of sound, in words; why, for those who point at it or tab to it. */
export function MaskingNote({ masking }: { masking: Masking }) {
  const { t } = useTranslation('clips');
  const heard = masking === 'unchecked' || masking === 'in-full';
  return (
    <Tooltip title={t(`maskingWhy.${masking}`)} trigger={['hover', 'focus']}>
      <button type="button" className={styles.masking} data-masking={masking}>
        {heard ? <ExclamationCircleOutlined aria-hidden /> : <AudioMutedOutlined aria-hidden />}{' '}
        {t(`masking.${masking}`)}
      </button>
    </Tooltip>
  );
}
