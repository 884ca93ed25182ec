import { lazy, type ReactNode, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Outlet } from 'react-router';
import type { Action } from '#contract/abilities.ts';
import { KeptMarks } from '../domains/bookmarks/outboxes.ts';
import { useLocalText } from '../i18n/language.ts';
import { Page } from '../ui/page.tsx';
import { EmptyState, ErrorState } from '../ui/states.tsx';
import { RealtimeProvider } from './realtime-context.tsx';
import { useMay, usePerson, useSession } from './session.tsx';

const SignInPage = lazy(() =>
  import('../domains/identity/sign-in-page.tsx').then((module) => ({ default: module.SignInPage })),
);

/** Lets signed-in people through and opens their socket; shows everybody else the sign-in, at the same address. */
export function SignedIn() {
  const { session, error, retry } = useSession();
  if (error) return <ErrorState error={error} onRetry={retry} />;
  // The first answer takes milliseconds: nothing is better than a flash of something.
  if (!session) return null;
  if (!session.person) {
    return (
      <Suspense>
        <SignInPage />
      </Suspense>
    );
  }
  return (
    <RealtimeProvider identity={session.person.id}>
      <KeptMarks />
      <Outlet />
    </RealtimeProvider>
  );
}

/** Shows a page to whom the table of abilities gives it; says why to everybody else. */
export function Allowed({ to, children }: { to: Action; children: ReactNode }) {
  return useMay()(to) ? children : <NotYours />;
}

function NotYours() {
  const { t } = useTranslation();
  const local = useLocalText();
  const person = usePerson();
  return (
    <Page title={t('notYours.title')} hideTitle>
      <EmptyState title={t('notYours.title')}>
        {t('notYours.body', { name: local(person.name), role: t(`role.${person.role}`) })}
      </EmptyState>
    </Page>
  );
}
