import { Modal } from 'antd';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useBlocker } from 'react-router';
import type { SoftphoneSession } from './softphone-session.ts';

/** Nobody leaves a call by a slip: within the app we ask, at the window's end the browser does. */
export function LeaveGuard({ session, busy }: { session: SoftphoneSession; busy: boolean }) {
  const { t } = useTranslation('softphone');
  const blocker = useBlocker(busy);
  useEffect(() => {
    if (!busy) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [busy]);
  return (
    <Modal
      open={blocker.state === 'blocked'}
      title={t('sure.title')}
      okText={t('action.leave')}
      okButtonProps={{ danger: true }}
      cancelText={t('action.stay')}
      onCancel={() => blocker.reset?.()}
      onOk={() => {
        void session.hangUp();
        blocker.proceed?.();
      }}
    >
      {t('sure.body')}
    </Modal>
  );
}
