import { useEffect, useRef, useState } from 'react';
import { useRealtime } from '../../app/realtime-context.tsx';
import { keepBalance, keptBalance } from './kept-balance.ts';
import { ListeningSession } from './listening-session.ts';
import type { VoiceBalance } from './voice-mixer.ts';

declare global {
  interface Window {
    /**
     * The live room's session while the page is open. Browser tests listen by content through it: they ask
     * `mixer.dominantHz('agent')` what is really heard, which no picture of the page could tell them.
     */
    __room?: ListeningSession;
  }
}

/** One visit to the room of a slot, from the moment the socket is there until the page is left. */
export function useListeningSession(slotId: string): ListeningSession | null {
  const realtime = useRealtime();
  const [session, setSession] = useState<ListeningSession | null>(null);
  // A visit begins when the one before it has said goodbye: both go over one socket, and the server takes them in turn.
  const goodbye = useRef<Promise<void>>(Promise.resolve());
  useEffect(() => {
    if (!realtime) return;
    let opened: ListeningSession | null = null;
    let left = false;
    void goodbye.current.then(() => {
      if (left) return;
      opened = new ListeningSession(realtime, slotId, keptBalance());
      window.__room = opened;
      setSession(opened);
    });
    return () => {
      left = true;
      if (!opened) return;
      if (window.__room === opened) delete window.__room;
      setSession(null);
      goodbye.current = opened.close();
    };
  }, [realtime, slotId]);
  return session;
}

/** Volumes and sides, as state and kept for the next visit. */
export function useBalance(session: ListeningSession): [VoiceBalance, (balance: VoiceBalance) => void] {
  const [balance, setBalance] = useState(session.mixer.balance);
  return [
    balance,
    (next) => {
      session.mixer.setBalance(next);
      keepBalance(next);
      setBalance(next);
    },
  ];
}
