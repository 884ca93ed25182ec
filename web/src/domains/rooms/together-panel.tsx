import { useEffect, useRef } from 'react';
import { ErrorNote } from '../../ui/states.tsx';
import { HandsSection } from './hands-section.tsx';
import { MessagesSection } from './messages-section.tsx';
import { MoveSection } from './move-section.tsx';
import { NotesSection } from './notes-section.tsx';
import styles from './rooms.module.css';
import type { Room } from './use-room.ts';
import type { Ears, Hearing } from './use-room-moves.ts';

/** What the people in the room do together: their notes, hands and messages, and the call the host brings them to. */
export function TogetherPanel({
  room,
  session,
  hearing,
}: {
  room: Room;
  session: Ears;
  hearing: Hearing & WithRoster;
}) {
  const { link, notes, state, onSight } = room;
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!panel.current) return;
    const observer = new IntersectionObserver((entries) => onSight(entries.at(-1)?.isIntersecting ?? false));
    observer.observe(panel.current);
    return () => {
      observer.disconnect();
      onSight(false);
    };
  }, [onSight]);
  return (
    <div ref={panel} className={styles.panel} data-testid="room-panel">
      <MoveSection link={link} state={state} session={session} hearing={hearing} />
      <NotesSection notes={notes} />
      <HandsSection link={link} state={state} roster={hearing.roster} />
      <MessagesSection link={link} state={state} />
      {state.error && state.outgoing.length === 0 && (
        <ErrorNote error={state.error} onClose={() => link.forgetError()} />
      )}
    </div>
  );
}

export interface WithRoster {
  readonly roster: readonly { readonly personId: string }[];
}
