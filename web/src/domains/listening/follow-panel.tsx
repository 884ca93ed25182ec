import { Button, Segmented, Select } from 'antd';
import { type ReactNode, useEffect, useEffectEvent } from 'react';
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
import { useFollowView } from './use-follow-session.ts';

type Choice = AutomaticMode | 'self';

/** Which calls come to one's ear: chosen by oneself, or one after the other by themselves, and then why this one. */
export function FollowPanel({
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
  useOfferAnnouncements(view, words, state);
  if (mood.time === 'over') return null;
  // The room says so itself when it took the sound to another window.
  const stopped = view.mode === null && state.stoppedBy === null ? view.stoppedBy : null;
  const choices: Choice[] = ['self', 'line', ...(across ? ['business' as const] : []), 'surprise'];
  const chosen: Choice = view.mode ?? 'self';
  const choose = (choice: Choice) => (choice === 'self' ? follow.stop() : follow.choose(choice));
  const options = choices.map((value) => ({ value, label: t(`mode.${value}.name`) }));
  return (
    <section className={styles.panel} aria-label={t('heading')} data-testid="follow">
      {mood.hearing ? (
        <Hearing session={session} state={state} view={view} words={words}>
          <Select<Choice>
            size="small"
            variant="filled"
            popupMatchSelectWidth={false}
            aria-label={t('heading')}
            value={chosen}
            options={options}
            onChange={choose}
          />
        </Hearing>
      ) : (
        <>
          <div className={styles.row}>
            <span className={styles.heading} aria-hidden>
              {t('heading')}
            </span>
            <Segmented<Choice>
              aria-label={t('heading')}
              className={styles.modes ?? ''}
              value={chosen}
              options={options}
              onChange={choose}
            />
          </div>
          <div className={styles.row}>
            <span className={styles.quiet}>{t(`mode.${chosen}.means`)}</span>
            {(chosen === 'line' || chosen === 'business') && (
              <Wish mode={chosen} scenarioId={view.scenarioId} follow={follow} />
            )}
          </div>
          <Place view={view} words={words} />
        </>
      )}
      {view.error && <ErrorNote error={view.error} />}
      {stopped && <p role="status">{t(`stopped.${stopped}`)}</p>}
    </section>
  );
}

/** Where one stands among those who wait. */
function Place({ view, words }: { view: FollowView; words: FollowWords }) {
  const { mode, state } = view;
  if (mode === null || state?.phase !== 'waiting' || state.waitingSince === null) return null;
  return (
    <p className={styles.words} data-testid="follow-place">
      <span className={styles.since}>
        <Elapsed since={state.waitingSince} />
      </span>
      {words.place(state)}
    </p>
  );
}

/** Quieter while a call is heard: why this one, and which is next. */
function Hearing({
  session,
  state,
  view,
  words,
  children,
}: {
  session: ListeningSession;
  state: ListeningState;
  view: FollowView;
  words: FollowWords;
  children: ReactNode;
}) {
  const { t } = useTranslation('follow');
  const { given, mode } = view;
  const next = mode !== null && view.state?.phase === 'hearing' ? view.state.next : null;
  return (
    <>
      <div className={styles.words}>
        <span className={styles.mode}>{children}</span>
        {given && given.call.id === state.call?.id && (
          <span data-testid="follow-why">
            <strong className={styles.label}>{t('whyThis')}</strong> {words.why(given.why)}
          </span>
        )}
      </div>
      {next && (
        <div className={styles.row} data-testid="follow-next">
          <p className={styles.words}>
            <strong className={styles.label}>{t('next')}</strong> {words.about(next.call)}
          </p>
          <Button size="small" onClick={() => session.listen(next.call.id)}>
            {t('goNow')}
          </Button>
        </div>
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

/** The page says first that a call is heard; a reason right on top of that would not be read out. Milliseconds. */
const afterMs = 1_500;

/** Why a call was given is said aloud; so is that no more will come. */
function useOfferAnnouncements(view: FollowView, words: FollowWords, state: ListeningState): void {
  const { t } = useTranslation('follow');
  const announce = useAnnounce();
  const { given, stoppedBy } = view;
  const heard = state.phase === 'live' && given?.call.id === state.call?.id ? (given?.call.id ?? null) : null;
  const explained = useEffectEvent(() => {
    if (given) announce(t('announce.given', { about: words.about(given.call), why: words.why(given.why) }));
  });
  const stopped = useEffectEvent(() => {
    if (stoppedBy) announce(t(`stopped.${stoppedBy}`));
  });
  useEffect(() => {
    if (heard === null) return;
    const timer = setTimeout(() => explained(), afterMs);
    return () => clearTimeout(timer);
  }, [heard]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: says when to look, the effect event reads the rest.
  useEffect(() => stopped(), [stoppedBy]);
}
