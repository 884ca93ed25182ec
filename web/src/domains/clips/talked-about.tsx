import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Decision } from '#contract/decisions.ts';
import { ActionRow } from '../meetings/action-row.tsx';
import styles from './clips.module.css';

/** The meetings that talked about a moment, and what they decided: the way from a call to what came of it. */
export function TalkedAbout({ decisions }: { decisions: readonly Decision[] }) {
  const { t } = useTranslation('clips');
  if (decisions.length === 0) return null;
  return (
    <ul className={styles.decisions} data-testid="decisions">
      {decisions.map(({ meetingId, meetingTitle, itemId, actions }) => (
        <li key={itemId}>
          <Link to={`/meetings/${meetingId}#${itemId}`}>{t('talkedAbout', { title: meetingTitle })}</Link>
          {actions.length > 0 && (
            <ul>
              {actions.map((action) => (
                <ActionRow key={action.id} action={action} mayClose={false} />
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  );
}
