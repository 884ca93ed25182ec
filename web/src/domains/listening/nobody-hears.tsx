import { AudioMutedOutlined } from '@ant-design/icons';
import { Tooltip } from 'antd';
import { useTranslation } from 'react-i18next';
import styles from './live-room.module.css';

/** Trust is visible: it stands beside the button that begins the listening. */
export function NobodyHears() {
  const { t } = useTranslation('listening');
  return (
    <Tooltip title={t('nobodyHearsWhy')} trigger={['hover', 'focus']}>
      <button type="button" className={`${styles.quietWords} ${styles.trust}`}>
        <AudioMutedOutlined aria-hidden />
        {t('nobodyHears')}
      </button>
    </Tooltip>
  );
}
