import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/page.tsx';

export function OperationsPage() {
  const { t } = useTranslation('operations');
  return <Page title={t('title')}>{null}</Page>;
}
