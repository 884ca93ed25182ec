import { useEffect, useEffectEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { usePerson } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import type { ListeningPhase, ListeningState } from './listening-state.ts';
import { nextCallOf } from './room-mood.ts';
import { type Heard, heardHow } from './shift-words.ts';

/** Says to screen readers what everybody else sees: joins, ends, recoveries, who came, what began. */
export function useAnnouncements(state: ListeningState): void {
  const { t } = useTranslation('listening');
  const announce = useAnnounce();
  const local = useLocalText();
  const format = useFormat();
  const me = usePerson();
  const before = useRef<ListeningPhase>(state.phase);
  const people = useRef<ReadonlySet<string> | null>(null);
  const calls = useRef<ReadonlySet<string> | null>(null);

  const phaseChanged = useEffectEvent(() => {
    const from = before.current;
    const to = state.phase;
    before.current = to;
    if (from === to) return;
    if (to === 'live') announce(t(from === 'recovering' ? 'announce.recovered' : 'announce.live'));
    else if (to === 'recovering' && from === 'live') announce(t('announce.recovering'), { urgent: true });
    else if (to === 'waiting') announce(t('announce.waiting'));
    else if (to === 'ended') announce(t(nextCallOf(state) ? 'announce.endedNext' : 'announce.ended'));
  });
  const paused = state.call?.pause != null;
  const wasPaused = useRef(false);
  const pauseChanged = useEffectEvent(() => {
    const before = wasPaused.current;
    wasPaused.current = paused;
    // Who hears the call from before is not told of a pause that they will come to later.
    if (before === paused || state.phase !== 'live' || state.shift) return;
    announce(t(paused ? 'announce.paused' : 'announce.resumed'));
  });
  const heard = heardHow(state);
  const wasHeard = useRef<Heard>(heard);
  const heardChanged = useEffectEvent(() => {
    const from = wasHeard.current;
    wasHeard.current = heard;
    if (from === heard || state.phase !== 'live') return;
    const { behindMs = 0, speed = 1 } = state.shift ?? {};
    const say: Record<Heard, () => string> = {
      live: () => t('announce.backLive'),
      paused: () => t('announce.shiftPaused'),
      shifted: () => t('announce.shifted', { length: format.spokenLength(behindMs) }),
      'catching-up': () => t('announce.catchingUp', { speed }),
      delayed: () => t('announce.atEdge'),
    };
    announce(say[heard]());
  });
  const rosterChanged = useEffectEvent(() => {
    const known = people.current;
    people.current = new Set(state.roster.map(({ personId }) => personId));
    const came = state.roster.find(({ personId }) => personId !== me.id && !known?.has(personId));
    if (known && came) announce(t('announce.joined', { name: local(came.name) }));
  });
  const callsChanged = useEffectEvent(() => {
    const known = calls.current;
    calls.current = new Set(state.calls.map(({ id }) => id));
    const began = state.calls.some(({ id }) => !known?.has(id));
    // Somebody who listens is not to be spoken over.
    if (known && began && (state.phase === 'idle' || state.phase === 'ended'))
      announce(t('announce.callStarted'));
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: each says when to look, the effect events read the rest.
  useEffect(() => phaseChanged(), [state.phase]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  useEffect(() => pauseChanged(), [paused]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  useEffect(() => heardChanged(), [heard]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  useEffect(() => rosterChanged(), [state.roster]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  useEffect(() => callsChanged(), [state.calls]);
}
