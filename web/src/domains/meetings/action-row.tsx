import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { decisionsEndpoints } from '#contract/decisions.ts';
import { type Action, type ActionState, type AgendaItem, meetingsEndpoints } from '#contract/meetings.ts';
import { useApiCommand } from '../../app/queries.ts';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { ErrorNote } from '../../ui/states.tsx';
import styles from './meetings.module.css';

/** A calendar day as people say it: it has no time, and is the same day in every zone. */
export function useDayWords(): (day: string) => string {
  const { dayName } = useFormat('UTC');
  return (day) => dayName(Date.parse(`${day}T12:00:00Z`));
}

/** One action: who, until when, how it stands, and the ways to close it for those who may. */
export function ActionRow({
  action,
  mayClose,
  ofMeeting = false,
  item = null,
}: {
  action: Action;
  /** The moment that it is about, where it stands on the same page. */
  item?: AgendaItem | null;
  mayClose: boolean;
  /** Names the meeting in place of the owner: the list is the owner's. */
  ofMeeting?: boolean;
}) {
  const { t } = useTranslation('meetings');
  const local = useLocalText();
  const day = useDayWords();
  const change = useApiCommand(meetingsEndpoints.changeAction, {
    refresh: [
      meetingsEndpoints.myActions,
      meetingsEndpoints.show,
      meetingsEndpoints.list,
      decisionsEndpoints.ofRecording,
    ],
  });
  const { id, text, state, revision } = action;
  const move = (to: ActionState) => change.mutate({ params: { id }, body: { revision, state: to } });
  return (
    <li className={styles.row} data-action={id} data-state={state} data-overdue={action.overdue}>
      <div className={styles.words}>
        <p className={state === 'open' ? styles.strong : styles.closed}>{text}</p>
        <p className={styles.meta}>
          {ofMeeting ? (
            <Link to={`/meetings/${action.meetingId}${action.itemId ? `#${action.itemId}` : ''}`}>
              {action.meetingTitle}
            </Link>
          ) : (
            local(action.owner.name)
          )}
          {' · '}
          {state !== 'open' ? (
            t(`actions.state.${state}`)
          ) : (
            <span className={action.overdue ? styles.overdue : undefined}>
              {t(action.overdue ? 'actions.overdue' : 'actions.dueOn', { day: day(action.dueOn) })}
            </span>
          )}
        </p>
        {item && !item.gone && (
          <p className={styles.meta}>
            <Link to={`#${item.id}`}>{t('actions.about', { title: item.title })}</Link>
          </p>
        )}
        {change.error && <ErrorNote error={change.error} onClose={() => change.reset()} />}
      </div>
      {mayClose && (
        <div className={styles.buttons}>
          {state === 'open' ? (
            <>
              <Button
                size="small"
                loading={change.isPending}
                onClick={() => move('done')}
                aria-label={t('actions.doneOf', { text })}
              >
                {t('actions.done')}
              </Button>
              <Button
                size="small"
                type="text"
                disabled={change.isPending}
                onClick={() => move('dropped')}
                aria-label={t('actions.dropOf', { text })}
              >
                {t('actions.drop')}
              </Button>
            </>
          ) : (
            <Button
              size="small"
              type="text"
              loading={change.isPending}
              onClick={() => move('open')}
              aria-label={t('actions.reopenOf', { text })}
            >
              {t('actions.reopen')}
            </Button>
          )}
        </div>
      )}
    </li>
  );
}
