import { useEffect, useEffectEvent, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { useRealtime } from '../../app/realtime-context.tsx';
import { usePerson } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import type { PageKey } from '../../ui/keys.tsx';
import { keptOutbox } from './kept-outbox.ts';
import { browserStorage, KeptUpdates } from './kept-updates.ts';
import { RoomLink, type RoomLinkState } from './room-link.ts';
import { SharedNotes } from './shared-notes.ts';

/** A person's part in the room of a slot, as its panel and the live room need it. */
export interface Room {
  readonly link: RoomLink;
  readonly notes: SharedNotes;
  readonly state: RoomLinkState;
  /** Messages and hands of others that came while the panel was not in sight. */
  readonly fresh: number;
  /** The panel came into sight, or went out of it. */
  readonly onSight: (seen: boolean) => void;
  readonly keys: readonly PageKey[];
}

interface Opened {
  readonly link: RoomLink;
  readonly notes: SharedNotes;
}

const nothing = () => () => undefined;

/** Takes part in the room from the moment the socket is there until the page is left; null before that. */
export function useRoom(slotId: string): Room | null {
  const realtime = useRealtime();
  const { t } = useTranslation('rooms');
  const personId = usePerson().id;
  const [opened, setOpened] = useState<Opened | null>(null);
  const goodbye = useRef<Promise<void>>(Promise.resolve());
  useEffect(() => {
    if (!realtime) return;
    let mine: Opened | null = null;
    let left = false;
    // The visit before this one says goodbye over the same socket, and must not take this one with it.
    void goodbye.current.then(() => {
      if (left) return;
      const storage = browserStorage();
      const windowId = crypto.randomUUID();
      mine = {
        link: new RoomLink({ realtime, slotId, personId, outbox: keptOutbox(slotId, personId, storage) }),
        notes: new SharedNotes({
          ...{ realtime, slotId, personId },
          kept: new KeptUpdates({ slotId, personId, windowId, storage }),
        }),
      };
      setOpened(mine);
    });
    return () => {
      left = true;
      if (!mine) return;
      mine.notes.close();
      goodbye.current = mine.link.close();
      setOpened(null);
    };
  }, [realtime, slotId, personId]);

  const state = useSyncExternalStore(
    opened?.link.subscribe ?? nothing,
    () => opened?.link.snapshot() ?? null,
  );
  const { fresh, onSight } = useFresh(state, personId);
  useHandAnnouncements(state, personId);
  if (!opened || !state) return null;
  const { link, notes } = opened;
  const up = state.raised.hands.some((hand) => hand.personId === personId);
  const keys: PageKey[] = [
    {
      keys: ['h'],
      caps: ['H'],
      does: t('keys.hand'),
      run: () => void (up ? link.lower(personId) : link.raise()),
    },
  ];
  return { link, notes, state, fresh, onSight, keys };
}

/** What came while nobody looked. What was there at the beginning is not new. */
function useFresh(state: RoomLinkState | null, personId: string) {
  const [inSight, setInSight] = useState(false);
  const [seen, setSeen] = useState<{ number: number; version: number } | null>(null);
  const now = state?.entered
    ? { number: state.messages.at(-1)?.number ?? 0, version: state.raised.version }
    : null;
  if (now && (seen === null || (inSight && (seen.number < now.number || seen.version < now.version)))) {
    setSeen(now);
  }
  const messages = state?.messages.filter(
    (message) =>
      message.personId !== personId && message.text !== null && message.number > (seen?.number ?? 0),
  );
  const handsNew = seen !== null && now !== null && now.version > seen.version;
  const hands = handsNew ? state?.raised.hands.filter((hand) => hand.personId !== personId) : [];
  const fresh = seen && !inSight ? (messages?.length ?? 0) + (hands?.length ?? 0) : 0;
  return { fresh, onSight: setInSight };
}

/** Hands that go up are said aloud, and one's own that somebody else has lowered. */
function useHandAnnouncements(state: RoomLinkState | null, personId: string): void {
  const { t } = useTranslation('rooms');
  const announce = useAnnounce();
  const local = useLocalText();
  const known = useRef<ReadonlySet<string> | null>(null);
  const raised = state?.entered ? state.raised : null;
  const changed = useEffectEvent(() => {
    if (!raised) return;
    const before = known.current;
    known.current = new Set(raised.hands.map((hand) => hand.personId));
    const came =
      before && raised.hands.find((hand) => hand.personId !== personId && !before.has(hand.personId));
    if (came) announce(t('announce.handUp', { name: local(came.name) }));
    else if (before?.has(personId) && !known.current.has(personId)) announce(t('announce.myHandDown'));
    else if (before && !before.has(personId) && known.current.has(personId)) announce(t('announce.myHandUp'));
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: it says when to look, the effect event reads the rest.
  useEffect(() => changed(), [raised]);
}
