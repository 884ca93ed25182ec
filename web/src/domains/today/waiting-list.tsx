import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Slot } from '#contract/seats.ts';
import { useNow } from '../../app/server-clock.ts';
import { useMay, usePerson } from '../../app/session.tsx';
import { Section } from '../../ui/page.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { When } from '../../ui/when.tsx';
import { useLines } from '../businesses/use-lines.ts';
import { useSeatsLeft } from '../seats/seat-dots.tsx';
import { nextSeat } from '../seats/seat-state.ts';
import { useMySeats, useSlots } from '../seats/use-seats.ts';
import { useHosted } from './next-seat.tsx';
import styles from './today.module.css';

const dayMs = 86_400_000;

/** What this person has coming up beyond the next seat: further seats, and for hosts the sessions of the next days. */
export function WaitingList() {
  const { t } = useTranslation('today');
  const words = useTranslation('seats');
  const person = usePerson();
  const mayDo = useMay();
  const now = useNow(60_000);
  const hosts = mayDo('rooms.host');
  const mine = useMySeats();
  const from = Math.floor(now / dayMs) * dayMs;
  const slots = useSlots(from, from + 3 * dayMs, { enabled: hosts });
  const left = useSeatsLeft();
  const { slot: shownFirst } = useHosted(now);
  const first = nextSeat(mine.data?.reservations ?? [], now);

  const seats = (mine.data?.reservations ?? [])
    .filter((seat) => seat.slot.endsAt > now && seat.id !== first?.id)
    .map((seat) => ({
      slot: seat.slot,
      what: t('waits.seat'),
      more: words.t('seatNumber', { seat: seat.seat }),
    }));
  const hosted = (slots.data?.slots ?? [])
    .filter((slot) => slot.hostId === person.id && slot.endsAt > now && slot.id !== shownFirst?.id)
    .map((slot) => ({ slot, what: t('waits.hosting'), more: left(slot) }));
  const waiting = [...seats, ...hosted]
    .sort((one, other) => one.slot.startsAt - other.slot.startsAt)
    .slice(0, 6);

  const error = mine.error ?? slots.error;
  const pending = mine.isPending || (hosts && slots.isPending);
  return (
    <Section title={t('waits.heading')} flush>
      {error ? (
        <ErrorState error={error} onRetry={() => void Promise.all([mine.refetch(), slots.refetch()])} />
      ) : pending ? (
        <div className={styles.loading}>
          <LoadingRows rows={2} height={48} />
        </div>
      ) : waiting.length === 0 ? (
        <EmptyState title={t('waits.empty')}>{t('waits.emptyBody')}</EmptyState>
      ) : (
        <ul>
          {waiting.map(({ slot, what, more }) => (
            <Waiting key={`${slot.id}-${what}`} slot={slot} what={what} more={more} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Waiting({ slot, what, more }: { slot: Slot; what: string; more: string }) {
  const { lineName } = useLines();
  return (
    <li className={styles.waiting}>
      <Link to={`/seats?slot=${slot.id}`} className={styles.waitingTitle}>
        {lineName(slot.lineId)}
      </Link>
      <span>
        <When at={slot.startsAt} until={slot.endsAt} zone={slot.zone} />
      </span>
      <span className={styles.waitingMeta}>
        {what} · {more}
      </span>
    </li>
  );
}
