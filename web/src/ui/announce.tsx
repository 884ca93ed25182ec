import { createContext, type ReactNode, useCallback, useContext, useRef } from 'react';

type Announce = (sentence: string, options?: { urgent?: boolean }) => void;
const AnnounceContext = createContext<Announce>(() => undefined);

/** Holds the two live regions (WAI-ARIA `status` and `alert`) that speak for the app to screen readers. */
export function Announcer({ children }: { children: ReactNode }) {
  const polite = useRef<HTMLDivElement>(null);
  const urgent = useRef<HTMLDivElement>(null);
  const announce = useCallback<Announce>((sentence, options) => {
    const region = options?.urgent ? urgent.current : polite.current;
    if (!region) return;
    // The same sentence twice in a row is read twice only if the node is a new one.
    const line = document.createElement('div');
    line.textContent = sentence;
    region.replaceChildren(line);
  }, []);
  return (
    <AnnounceContext value={announce}>
      {children}
      <div ref={polite} role="status" aria-live="polite" className="cl-visually-hidden" />
      <div ref={urgent} role="alert" aria-live="assertive" className="cl-visually-hidden" />
    </AnnounceContext>
  );
}

/** `announce(t('joined', { name }))`: joins, ends and offers are said aloud, `urgent` ones at once. */
export function useAnnounce(): Announce {
  return useContext(AnnounceContext);
}
