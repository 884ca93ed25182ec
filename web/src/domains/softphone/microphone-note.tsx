import { Alert, Button } from 'antd';
import { useTranslation } from 'react-i18next';

/** No microphone: what happened, what to do, and the way to try again. */
export function MicrophoneNote({
  microphone,
  onRetry,
}: {
  microphone: 'refused' | 'missing';
  onRetry: () => void;
}) {
  const { t } = useTranslation('softphone');
  return (
    <Alert
      type="warning"
      showIcon
      role="alert"
      title={t(`microphone.${microphone}.what`)}
      description={t(`microphone.${microphone}.todo`)}
      action={<Button onClick={onRetry}>{t('action.again')}</Button>}
    />
  );
}
