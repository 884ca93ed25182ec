import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';

export function SeatsPage() {
  const { t } = useTranslation('seats');
  return <Page title={t('title')}>{null}</Page>;
}
