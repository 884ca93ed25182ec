import { Button, Segmented, Select } from 'antd';
import { useEffect, useEffectEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Slot } from '#contract/seats.ts';
import { useNow } from '../../app/server-clock.ts';
import { usePerson } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { Elapsed } from '../../ui/live-badge.tsx';
import { ErrorNote } from '../../ui/states.tsx';
import { useLines } from '../businesses/use-lines.ts';
import styles from './follow-panel.module.css';
import type { AutomaticMode, FollowSession, FollowView } from './follow-session.ts';
import { type FollowWords, useFollowWords } from './follow-words.ts';
import type { ListeningSession } from './listening-session.ts';
import type { ListeningState } from './listening-state.ts';
import { mayFollowAcross } from './may-follow-across.ts';
import { moodOf } from './room-mood.ts';
import { useFollowSession, useFollowView } from './use-follow-session.ts';

type Choice = AutomaticMode | 'self';

/** Which calls come to one's ear: chosen by oneself, or one after the other by themselves, and then why this one. */
export function FollowPanel(props: { session: ListeningSession; state: ListeningState; slot: Slot }) {
  const follow = useFollowSession(props.session, props.slot.id);
  return follow && <Following {...props} follow={follow} />;
}

function Following({
  session,
  state,
  slot,
  follow,
}: {
  session: ListeningSession;
  state: ListeningState;
  slot: Slot;
  follow: FollowSession;
}) {
  const { t } = useTranslation('follow');
  const view = useFollowView(follow);
  const words = useFollowWords();
  const me = usePerson();
  const across = mayFollowAcross(me, slot.lineId);
  const mood = moodOf(state, slot, useNow());
  useOfferAnnouncements(view, words);
  if (mood.time === 'over') return null;
  // The room says so itself when it took the sound to another window.
  const stopped = view.mode === null && state.stoppedBy === null ? view.stoppedBy : null;
  const choices: Choice[] = ['self', 'line', ...(across ? ['business' as const] : []), 'surprise'];
  const chosen: Choice = view.mode ?? 'self';
  const choose = (choice: Choice) => (choice === 'self' ? follow.stop() : follow.choose(choice));
  return (
    <section className={styles.panel} aria-label={t('heading')} data-testid="follow">
      <div className={styles.choice}>
        <span className={styles.heading} aria-hidden>
          {t('heading')}
        </span>
        <Segmented<Choice>
          aria-label={t('heading')}
          className={styles.modes ?? ''}
          value={chosen}
          options={choices.map((value) => ({ value, label: t(`mode.${value}.name`) }))}
          onChange={choose}
        />
      </div>
      <div className={styles.words}>
        <span>{t(`mode.${chosen}.means`)}</span>
        {(chosen === 'line' || chosen === 'business') && (
          <Wish mode={chosen} scenarioId={view.scenarioId} follow={follow} />
        )}
      </div>
      {view.error && <ErrorNote error={view.error} />}
      {stopped && (
        <p className={styles.words} role="status">
          {t(`stopped.${stopped}`)}
        </p>
      )}
      <Now session={session} state={state} view={view} words={words} />
    </section>
  );
}

/** Where one stands while waiting; why this call, and which is next, while hearing. */
function Now({
  session,
  state,
  view,
  words,
}: {
  session: ListeningSession;
  state: ListeningState;
  view: FollowView;
  words: FollowWords;
}) {
  const { t } = useTranslation('follow');
  const { given, mode } = view;
  const followed = mode === null ? null : view.state;
  const why =
    given && given.call.id === state.call?.id && state.phase !== 'idle' ? words.why(given.why) : null;
  const next = followed?.phase === 'hearing' ? followed.next : null;
  return (
    <>
      {followed?.phase === 'waiting' && followed.waitingSince !== null && (
        <p className={styles.place} data-testid="follow-place">
          <span className={styles.since}>
            <Elapsed since={followed.waitingSince} />
          </span>
          {words.place(followed)}
        </p>
      )}
      {why && (
        <p className={styles.why} data-testid="follow-why">
          <strong className={styles.label}>{t('whyThis')}</strong> {why}
        </p>
      )}
      {next && (
        <p className={styles.next} data-testid="follow-next">
          <span>
            <strong className={styles.label}>{t('next')}</strong> {words.about(next.call)}
          </span>
          <Button size="small" onClick={() => session.listen(next.call.id)}>
            {t('goNow')}
          </Button>
        </p>
      )}
    </>
  );
}

/** What one would rather hear about. */
function Wish({
  mode,
  scenarioId,
  follow,
}: {
  mode: AutomaticMode;
  scenarioId: string | null;
  follow: FollowSession;
}) {
  const { t } = useTranslation('follow');
  const local = useLocalText();
  const { scenarios } = useLines();
  return (
    <Select<string>
      size="small"
      variant="filled"
      allowClear
      showSearch={{ optionFilterProp: 'label' }}
      className={styles.wish ?? ''}
      popupMatchSelectWidth={false}
      aria-label={t('wish')}
      placeholder={t('wish')}
      value={scenarioId}
      options={scenarios.map(({ id, name }) => ({ value: id, label: local(name) }))}
      onChange={(value) => follow.choose(mode, value ?? null)}
    />
  );
}

/** An offer is said aloud, with its reason; so is that the following has stopped. */
function useOfferAnnouncements(view: FollowView, words: FollowWords): void {
  const { t } = useTranslation('follow');
  const announce = useAnnounce();
  const { given, stoppedBy } = view;
  const offered = useEffectEvent(() => {
    if (given) announce(t('announce.given', { about: words.about(given.call), why: words.why(given.why) }));
  });
  const stopped = useEffectEvent(() => {
    if (stoppedBy) announce(t(`stopped.${stoppedBy}`));
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: says when to look, the effect event reads the rest.
  useEffect(() => offered(), [given]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  useEffect(() => stopped(), [stoppedBy]);
}
