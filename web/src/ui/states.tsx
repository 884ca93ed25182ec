import { Alert, Button, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { type AnyErrorCode, type ApiError, asApiError } from '../app/api-error.ts';
import styles from './states.module.css';

/** What happened and what to do, in the language in force. */
export function useErrorSentence(): (code: AnyErrorCode) => { what: string; todo: string } {
  const { t } = useTranslation('errors');
  // Codes have dots of their own, so they are looked up whole.
  return (code) =>
    t(code as never, { keySeparator: false, returnObjects: true }) as { what: string; todo: string };
}

/** An empty list: what this is, and how to get the first one. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      {icon && (
        <span className={styles.icon} aria-hidden>
          {icon}
        </span>
      )}
      <p className={styles.title}>{title}</p>
      {children && <p className={styles.body}>{children}</p>}
      {action && <div className={styles.action}>{action}</div>}
    </div>
  );
}

/** Stands where the content would be: what happened, what to do, the code to quote, and one way to try again. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const known = asApiError(error);
  const sentence = useErrorSentence()(known.code);
  return (
    <div className={styles.empty} role="alert">
      <p className={styles.title}>{sentence.what}</p>
      <p className={styles.body}>{sentence.todo}</p>
      {onRetry && worthRetrying(known) && (
        <div className={styles.action}>
          <Button onClick={onRetry}>{t('retry')}</Button>
        </div>
      )}
      <ErrorCodeLine error={known} />
    </div>
  );
}

/** What is not there, or not allowed, will not be on the next attempt either. */
function worthRetrying({ status }: ApiError): boolean {
  return status !== 403 && status !== 404 && status !== 410;
}

/** The same as a note beside what failed; it stays until it is closed or the next attempt. */
export function ErrorNote({ error, onClose }: { error: unknown; onClose?: () => void }) {
  const known = asApiError(error);
  const sentence = useErrorSentence()(known.code);
  return (
    <Alert
      type="error"
      role="alert"
      title={sentence.what}
      description={
        <>
          {sentence.todo}
          <ErrorCodeLine error={known} />
        </>
      }
      {...(onClose && { closable: { onClose } })}
    />
  );
}

function ErrorCodeLine({ error }: { error: ApiError }) {
  const { t } = useTranslation();
  return (
    <p className={styles.code}>
      {t('quoteCode', { code: error.code })}
      {error.requestId && ` · ${t('quoteRequest', { requestId: error.requestId })}`}
    </p>
  );
}

/** Grey lines of the coming content's size; said once to screen readers. */
export function LoadingRows({ rows = 4, height = 56 }: { rows?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <div className={styles.rows} aria-busy="true">
      <span className="cl-visually-hidden">{t('loading')}</span>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike and never move.
        <Skeleton.Node key={row} active style={{ width: '100%', height }} />
      ))}
    </div>
  );
}
