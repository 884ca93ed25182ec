import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';

export function RecordingPage() {
  const { t } = useTranslation('recordings');
  return <Page title={t('title')}>{null}</Page>;
}
