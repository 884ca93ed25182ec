import { Button } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { checkInOpensBeforeMs, type Reservation, type Slot } from '#contract/seats.ts';
import { newIdempotencyKey } from '../../app/api.ts';
import { asApiError } from '../../app/api-error.ts';
import { useMay } from '../../app/session.tsx';
import { useAnnounce } from '../../ui/announce.tsx';
import { useFormat } from '../../ui/format/use-format.ts';
import { ErrorNote } from '../../ui/states.tsx';
import { useLines } from '../businesses/use-lines.ts';
import styles from './seat-action.module.css';
import { seatState } from './seat-state.ts';
import { useCheckIn, useReserve } from './use-seats.ts';

/** The one obvious thing to do with a slot now: reserve, check in or join; nothing when there is nothing to do. */
export function SeatAction({
  slot,
  mine,
  now,
  block = false,
}: {
  slot: Slot;
  mine: Reservation | null;
  now: number;
  block?: boolean;
}) {
  const { t } = useTranslation('seats');
  const navigate = useNavigate();
  const mayDo = useMay();
  const state = seatState(slot, mine, now);
  const reserve = useReservation(slot);
  const checkIn = useCheckIn();
  const announce = useAnnounce();
  const hosts =
    mayDo('rooms.host', { lineId: slot.lineId }) &&
    now >= slot.startsAt - checkInOpensBeforeMs &&
    now < slot.endsAt;
  const failure = reserve.error ?? checkIn.error;
  const look = { type: 'primary', size: 'large', block } as const;

  const button = () => {
    if (state === 'join') {
      return (
        <Button {...look} onClick={() => void navigate(`/room/${slot.id}`)}>
          {t('action.join')}
        </Button>
      );
    }
    if (state === 'check-in' && mine) {
      return (
        <Button
          {...look}
          loading={checkIn.isPending}
          onClick={() =>
            checkIn.mutate({ params: { id: mine.id } }, { onSuccess: () => announce(t('done.checkedIn')) })
          }
        >
          {t('action.checkIn')}
        </Button>
      );
    }
    if (hosts) {
      return (
        <Button {...look} onClick={() => void navigate(`/room/${slot.id}`)}>
          {t('action.host')}
        </Button>
      );
    }
    if (state === 'free' && mayDo('reservations.make', { lineId: slot.lineId })) {
      return (
        <Button {...look} loading={reserve.isPending} onClick={reserve.start}>
          {t('action.reserve')}
        </Button>
      );
    }
    return null;
  };

  const shown = button();
  if (!shown && !failure) return null;
  return (
    <div className={styles.action}>
      {shown}
      {failure !== null && <ErrorNote error={failure} />}
    </div>
  );
}

/** Reserves with one idempotency key until an answer came: a click after a time-out asks for the same seat. */
function useReservation(slot: Slot) {
  const { t } = useTranslation('seats');
  const reserve = useReserve();
  const announce = useAnnounce();
  const { lineName } = useLines();
  const format = useFormat();
  const key = useRef<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const start = () => {
    key.current ??= newIdempotencyKey();
    setError(null);
    reserve.mutate(
      { params: { id: slot.id }, body: { idempotencyKey: key.current } },
      {
        onSuccess: ({ seat }) => {
          key.current = null;
          const when = format.span(slot.startsAt, slot.endsAt);
          announce(t('done.reserved', { seat, line: lineName(slot.lineId), when }));
        },
        onError: (thrown) => {
          if (asApiError(thrown).status !== 0) key.current = null;
          setError(thrown);
        },
      },
    );
  };
  return { start, isPending: reserve.isPending, error };
}
