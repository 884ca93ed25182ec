import { useEffect, useEffectEvent, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { useRealtime } from '../../app/realtime-context.tsx';
import { useAnnounce } from '../../ui/announce.tsx';
import { SoftphoneSession } from './softphone-session.ts';
import type { SoftphoneState } from './softphone-state.ts';

/** One softphone for as long as the page is open; null for the moment before the socket is there. */
export function useSoftphoneSession(): SoftphoneSession | null {
  const realtime = useRealtime();
  const [session, setSession] = useState<SoftphoneSession | null>(null);
  useEffect(() => {
    if (!realtime) return;
    const opened = new SoftphoneSession(realtime);
    setSession(opened);
    return () => {
      setSession(null);
      opened.close();
    };
  }, [realtime]);
  return session;
}

export function useSoftphone(session: SoftphoneSession): SoftphoneState {
  return useSyncExternalStore(session.subscribe, session.snapshot);
}

/** Says to screen readers how the call stands. */
export function useCallAnnouncements({ phase, held }: SoftphoneState): void {
  const { t } = useTranslation('softphone');
  const announce = useAnnounce();
  const before = useRef(phase);
  const phaseChanged = useEffectEvent(() => {
    const from = before.current;
    before.current = phase;
    if (from === phase) return;
    if (phase === 'alone' || phase === 'talking' || phase === 'ended') announce(t(`announce.${phase}`));
    else if (phase === 'recovering' && (from === 'talking' || from === 'alone'))
      announce(t('announce.recovering'), { urgent: true });
  });
  const heldChanged = useEffectEvent(() => held && announce(t('announce.held')));
  // biome-ignore lint/correctness/useExhaustiveDependencies: it says when to look, the effect event reads the rest.
  useEffect(() => phaseChanged(), [phase]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  useEffect(() => void heldChanged(), [held]);
}
