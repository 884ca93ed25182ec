import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Call } from '#contract/calls.ts';
import type { RoomMove } from '#contract/rooms.ts';
import { usePerson } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useAnnounce } from '../../ui/announce.tsx';
import { useLines } from '../businesses/use-lines.ts';
import type { RoomLinkState } from './room-link.ts';

/** What the room needs of the live room's session. */
export interface Ears {
  listen(callId?: string): void;
}

/** What the room needs to know of what is heard. */
export interface Hearing {
  readonly phase: string;
  readonly call: Call | null;
  readonly calls: readonly Call[];
}

export interface MoveNotice {
  /** `followed`: this person hears the call now, too. `offered`: they hear nothing, and may come along. */
  readonly kind: 'followed' | 'offered';
  readonly move: RoomMove;
  /** What was heard before, if it goes on. */
  readonly back: Call | null;
}

/** Who listens, waits, or has just heard a call's end goes where the host goes; who does neither is asked. */
const following = new Set(['joining', 'live', 'recovering', 'waiting', 'ended']);

/** Follows the host. Whether the call may be heard is for the join to say. */
export function useRoomMoves(room: RoomLinkState | null, session: Ears, hearing: Hearing) {
  const { t } = useTranslation('rooms');
  const announce = useAnnounce();
  const me = usePerson();
  const nameOf = useCallName();
  const seen = useRef<number | null>(null);
  const [notice, setNotice] = useState<MoveNotice | null>(null);
  const move = room?.entered ? room.move : undefined;

  const moved = useEffectEvent(() => {
    if (move === undefined) return;
    const entering = seen.current === null;
    const before = seen.current ?? 0;
    seen.current = Math.max(before, move?.number ?? 0);
    if (!move || move.number <= before || hearing.call?.id === move.callId) return;
    const about = nameOf(move.callId, hearing);
    if (entering || !following.has(hearing.phase)) {
      setNotice({ kind: 'offered', move, back: null });
      if (!entering) announce(t('move.offered', { about }));
      return;
    }
    const back = hearing.phase === 'waiting' ? null : hearing.call;
    setNotice({ kind: 'followed', move, back });
    announce(t(move.byId === me.id ? 'move.followedByMe' : 'move.followed', { about }));
    session.listen(move.callId);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: it says when to look, the effect event reads the rest.
  useEffect(() => moved(), [move?.number, move === undefined]);

  const isLive = (callId: string) => hearing.calls.some((call) => call.id === callId);
  const heard = notice !== null && hearing.phase !== 'idle' && hearing.call?.id === notice.move.callId;
  const shown = notice && (notice.kind === 'followed' ? heard : !heard && isLive(notice.move.callId));
  return {
    notice:
      shown && notice
        ? { ...notice, back: notice.back && isLive(notice.back.id) ? notice.back : null }
        : null,
    hear(callId: string) {
      setNotice(null);
      session.listen(callId);
    },
    dismiss: () => setNotice(null),
  };
}

/** What a call is about, as people say it. */
export function useCallName(): (callId: string, hearing: Pick<Hearing, 'call' | 'calls'>) => string {
  const { t } = useTranslation('rooms');
  const local = useLocalText();
  const { scenarioName } = useLines();
  return (callId, { call, calls }) => {
    const found = calls.find((one) => one.id === callId) ?? (call?.id === callId ? call : undefined);
    const { facts, agentName = null } = found ?? {};
    const scenario = scenarioName(facts?.scenarioId);
    if (scenario) return scenario;
    if (facts?.product) return local(facts.product);
    return agentName ? t('move.callOf', { name: local(agentName) }) : t('move.aCall');
  };
}
