import { Button, Input, Modal } from 'antd';
import { type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './reason-dialog.module.css';
import { ErrorNote } from './states.tsx';

/** Asks why, and says what becomes of the answer. */
export function ReasonDialog({
  open,
  title,
  body,
  confirm,
  danger = false,
  pending,
  error,
  onConfirm,
  onClose,
}: {
  open: boolean;
  title: string;
  body: ReactNode;
  confirm: string;
  danger?: boolean;
  pending: boolean;
  error: unknown;
  onConfirm: (reason: string) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation('retention');
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const field = useId();
  const short = reason.trim().length < 3;
  const submit = () => {
    setTried(true);
    if (!short) onConfirm(reason.trim());
  };
  return (
    <Modal open={open} title={title} onCancel={onClose} footer={null} destroyOnHidden>
      <div className={styles.dialog}>
        <p>{body}</p>
        <div>
          <label htmlFor={field} className={styles.label}>
            {t('form.reason')}
          </label>
          <Input.TextArea
            id={field}
            value={reason}
            onChange={({ target }) => setReason(target.value)}
            rows={3}
            maxLength={500}
            aria-describedby={`${field}-why`}
            aria-invalid={tried && short}
            {...(tried && short && { status: 'error' as const })}
          />
          <p id={`${field}-why`} className={tried && short ? styles.wrong : styles.hint}>
            {t(tried && short ? 'form.reasonShort' : 'form.reasonWhy')}
          </p>
        </div>
        {error !== null && error !== undefined && <ErrorNote error={error} />}
        <div className={styles.buttons}>
          <Button onClick={onClose}>{t('form.cancel')}</Button>
          <Button type="primary" danger={danger} loading={pending} onClick={submit}>
            {confirm}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
