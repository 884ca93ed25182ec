import { useTranslation } from 'react-i18next';
import { meetingsEndpoints } from '#contract/meetings.ts';
import { useApiQuery } from '../../app/queries.ts';
import { Section } from '../../ui/page.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { ActionRow } from './action-row.tsx';

/** What meetings gave me to do. With `quiet` nothing stands there while there is nothing to do. */
export function MyActions({ quiet = false }: { quiet?: boolean }) {
  const { t } = useTranslation('meetings');
  const query = useApiQuery(meetingsEndpoints.myActions, {}, { refreshEveryMs: 60_000 });
  const all = query.data?.actions ?? [];
  const actions = quiet ? all.filter(({ state }) => state === 'open') : all;
  if (quiet && actions.length === 0) return null;
  const content = () => {
    if (query.error && !query.data)
      return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
    if (!query.data) return <LoadingRows rows={2} height={56} />;
    if (actions.length === 0)
      return <EmptyState title={t('actions.mineEmpty')}>{t('actions.mineEmptyBody')}</EmptyState>;
    return (
      <ul data-testid="my-actions">
        {actions.map((action) => (
          <ActionRow key={action.id} action={action} mayClose ofMeeting />
        ))}
      </ul>
    );
  };
  return (
    <Section title={t('actions.mine')} flush>
      {content()}
    </Section>
  );
}
