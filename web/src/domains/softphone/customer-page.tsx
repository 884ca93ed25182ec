import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { softphoneEndpoints } from '#contract/softphone.ts';
import { asApiError } from '../../app/api-error.ts';
import { useApiQuery } from '../../app/queries.ts';
import { RealtimeProvider } from '../../app/realtime-context.tsx';
import { LanguageSwitch } from '../../app/shell/language-switch.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { ErrorState } from '../../ui/states.tsx';
import { CustomerCall } from './customer-call.tsx';
import styles from './customer-page.module.css';

/** The holder of a link talks to an agent: one big button, no sign-in. */
export function CustomerPage() {
  const { token = '' } = useParams();
  const { t } = useTranslation('softphone');
  const local = useLocalText();
  // Read once: what happens to the call from then on is told by the socket.
  const link = useApiQuery(
    softphoneEndpoints.link,
    { params: { token } },
    { staleTimeMs: Number.POSITIVE_INFINITY },
  );
  // The customer knows the company's service, not the name of this product.
  const title = t('customer.title');
  useEffect(() => {
    document.title = title;
  }, [title]);

  const content = () => {
    if (link.data) {
      return (
        <RealtimeProvider identity={token} customerToken={token}>
          <CustomerCall callId={link.data.callId} token={token} />
        </RealtimeProvider>
      );
    }
    if (!link.error) return null;
    const { code } = asApiError(link.error);
    if (code === 'customer-link.used') return <DeadLink kind="used" />;
    // An address that was cut off breaks the rules for ids before it is looked up.
    if (code === 'customer-link.unknown' || code === 'request.invalid') return <DeadLink kind="unknown" />;
    return <ErrorState error={link.error} onRetry={() => void link.refetch()} />;
  };
  return (
    <div className={styles.page}>
      <header className={styles.top}>
        <p className={styles.line}>
          {link.data ? t('customer.line', { line: local(link.data.lineName) }) : t('customer.title')}
        </p>
        <LanguageSwitch />
      </header>
      <main className={styles.main} data-testid="customer-page">
        {content()}
      </main>
    </div>
  );
}

function DeadLink({ kind }: { kind: 'used' | 'unknown' }) {
  const { t } = useTranslation('softphone');
  return (
    <div className={styles.middle} data-testid="customer-state" data-phase={kind}>
      <div className={styles.words}>
        <h1 className={styles.title}>{t(`customer.${kind}`)}</h1>
        <p className={styles.hint}>{t(`customer.${kind}Hint`)}</p>
      </div>
    </div>
  );
}
