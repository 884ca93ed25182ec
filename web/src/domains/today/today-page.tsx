import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { Call } from '#contract/calls.ts';
import { recordingsEndpoints } from '#contract/recordings.ts';
import type { Slot } from '#contract/seats.ts';
import { useApiQuery } from '../../app/queries.ts';
import { serverNow, useNow } from '../../app/server-clock.ts';
import { useMay, usePerson } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { calendarDay, minuteOfDay } from '../../ui/format/time.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { Page, Section } from '../../ui/page.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { LiveCallList, type WayTo } from '../calls/live-call-list.tsx';
import { useLiveCalls } from '../calls/use-live-calls.ts';
import { MyActions } from '../meetings/my-actions.tsx';
import { RecordingRow } from '../recordings/recording-row.tsx';
import { seatState } from '../seats/seat-state.ts';
import { useSlots } from '../seats/use-seats.ts';
import { HoursCard } from '../session-reports/hours-card.tsx';
import { AgentDay } from './agent-day.tsx';
import { NextSeat } from './next-seat.tsx';
import { KeepingState } from './role-starts.tsx';
import styles from './today.module.css';
import { WaitingList } from './waiting-list.tsx';

/** What waits for me? The next seat with its one action, what is on air, and what was heard lately. */
export function TodayPage() {
  const { t } = useTranslation('today');
  const person = usePerson();
  const mayDo = useMay();
  const local = useLocalText();
  const format = useFormat();
  const hour = minuteOfDay(serverNow(), format.zone) / 60;
  const part = hour < 12 ? 'morning' : hour < 18 ? 'afternoon' : 'evening';
  const greeting = t(`greeting.${part}`, { name: local(person.name) });
  const listens = mayDo('reservations.make');
  return (
    <Page
      title={greeting}
      lead={calendarDay(serverNow(), { now: serverNow(), zone: format.zone, language: format.language })}
    >
      {mayDo('softphone.answer') && <AgentDay />}
      {person.role === 'admin' && <KeepingState />}
      {listens && <NextSeat />}
      {!mayDo('softphone.answer') && (
        <div className={listens ? styles.columns : styles.single}>
          <LiveNow />
          {listens && (
            <div className={styles.beside}>
              <WaitingList />
              <MyActions quiet />
              <HoursCard />
            </div>
          )}
        </div>
      )}
      {mayDo('recordings.replay') && <RecentRecordings />}
    </Page>
  );
}

function LiveNow() {
  const { t } = useTranslation('today');
  const person = usePerson();
  const query = useLiveCalls();
  const wayTo = useWayTo();
  const heading = person.role === 'listener' || person.role === 'owner' ? 'heading' : 'headingAll';
  return (
    <Section
      title={t(`live.${heading}`)}
      flush
      aside={
        query.data &&
        query.data.calls.length > 0 && (
          <span className={styles.aside}>{t('live.count', { count: query.data.calls.length })}</span>
        )
      }
    >
      <LiveCallList query={query} wayTo={wayTo} />
    </Section>
  );
}

const dayMs = 86_400_000;

/** A checked-in seat (or being the host) opens the room with the call; a free seat in the running slot is offered. */
function useWayTo(): (call: Call) => WayTo | null {
  const mayDo = useMay();
  const now = useNow(30_000);
  const from = Math.floor(now / dayMs) * dayMs;
  const slots = useSlots(from, from + dayMs, { enabled: mayDo('reservations.make') });
  const running = slots.data?.slots.filter((slot) => slot.startsAt <= now && now < slot.endsAt) ?? [];
  return (call) => {
    const here = running.filter((slot) => slot.lineId === call.lineId);
    const state = (slot: Slot) => seatState(slot, slot.mine, now);
    const room = here.find((slot) => state(slot) === 'join') ?? (mayDo('rooms.host') ? here[0] : undefined);
    if (room) return { to: `/room/${room.id}?call=${call.id}`, step: 'join' };
    const free = here.find((slot) => state(slot) === 'free' || state(slot) === 'check-in');
    return free ? { to: `/seats?slot=${free.id}`, step: 'takeSeat' } : null;
  };
}

function RecentRecordings() {
  const { t } = useTranslation('today');
  const words = useTranslation('recordings');
  const query = useApiQuery(recordingsEndpoints.list, { query: { limit: 20 } }, { refreshEveryMs: 30_000 });
  // What is still being recorded stands under "live now".
  const finished = query.data?.recordings.filter(({ state }) => state !== 'capturing').slice(0, 5);
  return (
    <Section
      title={t('recent.heading')}
      flush
      aside={query.data && query.data.total > 0 && <Link to="/library">{t('recent.all')}</Link>}
    >
      {query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : !finished ? (
        <div className={styles.loading}>
          <LoadingRows rows={4} height={44} />
        </div>
      ) : finished.length === 0 ? (
        <EmptyState title={words.t('list.empty')}>{words.t('list.emptyBody')}</EmptyState>
      ) : (
        <ul>
          {finished.map((recording) => (
            <RecordingRow key={recording.id} recording={recording} />
          ))}
        </ul>
      )}
    </Section>
  );
}
