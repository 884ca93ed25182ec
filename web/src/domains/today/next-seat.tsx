import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { checkInOpensBeforeMs, type Slot } from '#contract/seats.ts';
import { useNow } from '../../app/server-clock.ts';
import { useMay, usePerson } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { ErrorState, LoadingRows } from '../../ui/states.tsx';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { LineCheckAhead } from '../listening/line-check-ahead.tsx';
import { SeatAction } from '../seats/seat-action.tsx';
import { SeatDots, useSeatsLeft } from '../seats/seat-dots.tsx';
import { type MySeat, nextSeat, seatState } from '../seats/seat-state.ts';
import { useMySeats, useSlots } from '../seats/use-seats.ts';
import styles from './next-seat.module.css';

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** The first thing on Today: my next seat and what to do about it, or the next one that I could have. */
export function NextSeat() {
  const { t } = useTranslation('today');
  const now = useNow(1_000);
  const mine = useMySeats();
  const hosted = useHosted(now);
  if (mine.error && !mine.data) {
    return (
      <section className={styles.failed} aria-label={t('next.heading')}>
        <ErrorState error={mine.error} onRetry={() => void mine.refetch()} />
      </section>
    );
  }
  if (!mine.data || hosted.pending) return <LoadingRows rows={1} height={148} />;
  const seat = nextSeat(mine.data.reservations, now);
  const seatIsOpen = seat !== null && seatState(seat.slot, seat, now) !== 'reserved';
  if (hosted.slot && !seatIsOpen && (!seat || hosted.slot.startsAt <= seat.slot.startsAt)) {
    return (
      <section className={styles.card} aria-label={t('next.hostHeading')}>
        <Hosted slot={hosted.slot} now={now} />
      </section>
    );
  }
  return (
    <section className={styles.card} aria-label={t('next.heading')}>
      {seat ? <Mine seat={seat} now={now} /> : <Suggestion now={now} />}
    </section>
  );
}

/** For hosts: the session that runs now, their own before others', else the next one of their own. */
export function useHosted(now: number): { slot: Slot | null; pending: boolean } {
  const person = usePerson();
  const hosts = useMay()('rooms.host');
  const from = Math.floor(now / dayMs) * dayMs;
  const slots = useSlots(from, from + 3 * dayMs, { enabled: hosts });
  if (!hosts) return { slot: null, pending: false };
  const ahead = (slots.data?.slots ?? [])
    .filter((slot) => slot.endsAt > now)
    .sort((one, other) => one.startsAt - other.startsAt);
  const own = ahead.filter((slot) => slot.hostId === person.id);
  const open = (slot: Slot) => now >= slot.startsAt - checkInOpensBeforeMs;
  return { slot: own.find(open) ?? ahead.find(open) ?? own[0] ?? null, pending: slots.isPending };
}

function Hosted({ slot, now }: { slot: Slot; now: number }) {
  const { t } = useTranslation('today');
  const open = now >= slot.startsAt - checkInOpensBeforeMs;
  return (
    <>
      <div className={styles.words}>
        <Start slot={slot} now={now} emphasised={open} />
        <SlotWords slot={slot} />
      </div>
      <div className={styles.action}>
        {open && <SeatAction slot={slot} mine={null} now={now} block />}
        <p className={styles.note}>{open ? t('next.hostNow') : t('next.hostSoon')}</p>
        {!open && <Link to={`/seats?slot=${slot.id}`}>{t('next.seeSeats')}</Link>}
      </div>
    </>
  );
}

/** On now, or in how long. */
function Start({ slot, now, emphasised }: { slot: Slot; now: number; emphasised: boolean }) {
  const { t } = useTranslation('today');
  const format = useFormat();
  const minutes = Math.ceil((slot.startsAt - now) / minuteMs);
  return (
    <p className={emphasised ? styles.open : styles.quiet}>
      {slot.startsAt <= now
        ? t('next.onNow', { time: format.timeOfDay(slot.endsAt) })
        : t('next.inTime', { length: format.spokenLength(minutes * minuteMs) })}
    </p>
  );
}

function Mine({ seat, now }: { seat: MySeat; now: number }) {
  const { t } = useTranslation('today');
  const words = useTranslation('seats');
  const format = useFormat();
  const { slot } = seat;
  const state = seatState(slot, seat, now);
  return (
    <>
      <div className={styles.words}>
        <Start slot={slot} now={now} emphasised={state !== 'reserved'} />
        <SlotWords slot={slot} seat={seat.seat} />
      </div>
      <div className={styles.action}>
        <SeatAction slot={slot} mine={seat} now={now} block />
        <p className={styles.note}>
          {state === 'reserved'
            ? words.t('checkInOpens', { when: format.dayAndTime(slot.startsAt - checkInOpensBeforeMs) })
            : words.t('nobodyHears')}
        </p>
        {state === 'reserved' && (
          <p className={styles.links}>
            <Link to={`/seats?slot=${slot.id}`}>{t('next.seeSeats')}</Link>
            <LineCheckAhead slot={slot} />
          </p>
        )}
      </div>
    </>
  );
}

function Suggestion({ now }: { now: number }) {
  const { t } = useTranslation('today');
  // Whole days keep the question, and with it the cached answer, the same all day.
  const from = Math.floor(now / dayMs) * dayMs;
  const slots = useSlots(from, from + 8 * dayMs);
  if (slots.error && !slots.data)
    return <ErrorState error={slots.error} onRetry={() => void slots.refetch()} />;
  if (!slots.data) return <LoadingRows rows={1} height={100} />;
  const free = slots.data.slots
    .filter((slot) => seatState(slot, slot.mine, now) === 'free')
    .sort((one, other) => one.startsAt - other.startsAt)[0];
  if (!free) {
    return (
      <div className={styles.words}>
        <h2>{t('next.noneAtAll')}</h2>
        <p className={styles.note}>{t('next.noneAtAllBody')}</p>
        <Link to="/seats">{t('next.allSeats')}</Link>
      </div>
    );
  }
  return (
    <>
      <div className={styles.words}>
        <p className={styles.quiet}>{t('next.none')}</p>
        <SlotWords slot={free} />
      </div>
      <div className={styles.action}>
        <SeatAction slot={free} mine={null} now={now} block />
        <p className={styles.note}>{t('next.noneBody')}</p>
        <Link to="/seats">{t('next.allSeats')}</Link>
      </div>
    </>
  );
}

function SlotWords({ slot, seat }: { slot: Slot; seat?: number }) {
  const { t } = useTranslation('seats');
  const local = useLocalText();
  const { lineName } = useLines();
  const left = useSeatsLeft();
  return (
    <>
      <h2 className={styles.line}>{lineName(slot.lineId)}</h2>
      <p className={styles.when}>
        <When at={slot.startsAt} until={slot.endsAt} zone={slot.zone} />
      </p>
      <p className={styles.meta}>
        {seat === undefined ? (
          <span className={styles.dots}>
            <SeatDots seats={slot.seats} taken={slot.taken} mine={false} atMost={20} /> {left(slot)}
          </span>
        ) : (
          <span>{t('seatNumber', { seat })}</span>
        )}
        <span>{slot.hostName ? t('host', { name: local(slot.hostName) }) : t('noHost')}</span>
      </p>
    </>
  );
}
