import { Button } from 'antd';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useRouteError } from 'react-router';
import { Page } from '../ui/page.tsx';
import { EmptyState } from '../ui/states.tsx';

/** The address leads nowhere. */
export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('notFound.title')} hideTitle>
      <EmptyState title={t('notFound.title')} action={<Link to="/">{t('notFound.action')}</Link>}>
        {t('notFound.body')}
      </EmptyState>
    </Page>
  );
}

/** A page threw, or its code could not be fetched (a new version was deployed). */
export function CrashedPage() {
  const { t } = useTranslation();
  const error = useRouteError();
  useEffect(() => console.error(error), [error]);
  return (
    <Page title={t('crashed.title')} hideTitle>
      <div role="alert">
        <EmptyState
          title={t('crashed.title')}
          action={<Button onClick={() => window.location.reload()}>{t('crashed.action')}</Button>}
        >
          {t('crashed.body')}
        </EmptyState>
      </div>
    </Page>
  );
}
