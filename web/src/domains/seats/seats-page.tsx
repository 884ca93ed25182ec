import { CalendarOutlined, LeftOutlined, PlusOutlined, RightOutlined } from '@ant-design/icons';
import { Button, Segmented, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import type { Slot } from '#contract/seats.ts';
import { seatsEndpoints } from '#contract/seats.ts';
import { useApiQuery } from '../../app/queries.ts';
import { useNow } from '../../app/server-clock.ts';
import { useMay } from '../../app/session.tsx';
import { useLocalText } from '../../i18n/language.ts';
import { dayNumber, sameWallClock, zoneName } from '../../ui/format/time.ts';
import { useFormat } from '../../ui/format/use-format.ts';
import { Page } from '../../ui/page.tsx';
import { EmptyState, ErrorState, LoadingRows } from '../../ui/states.tsx';
import { useIsPhone } from '../../ui/use-media-query.ts';
import { useLines } from '../businesses/use-lines.ts';
import { DayList } from './day-list.tsx';
import { PlanSlot } from './plan-slot.tsx';
import { nextSeat } from './seat-state.ts';
import styles from './seats-page.module.css';
import { SlotPanel } from './slot-panel.tsx';
import { useMySeats, useSlots } from './use-seats.ts';
import { type Week, weekFrom, weeksAway } from './week.ts';
import { WeekGrid } from './week-grid.tsx';

/** In the address: every line at once. */
const allLines = 'all';

/** When can I listen? A week of slots; what is chosen (week, line, slot) is in the address, so it can be shared. */
export function SeatsPage() {
  const { t } = useTranslation('seats');
  const [search, setSearch] = useSearchParams();
  const mayDo = useMay();
  const now = useNow(10_000);
  const format = useFormat();
  const phone = useIsPhone();
  const { lines } = useLines();
  const [planning, setPlanning] = useState(false);
  const [chosenDay, setChosenDay] = useState<number | null>(null);

  const wanted = search.get('slot');
  // A link may lead to a slot of another week: its own time decides which week is shown.
  const linked = useApiQuery(
    seatsEndpoints.show,
    { params: { id: wanted ?? '' } },
    { enabled: wanted !== null && search.get('week') === null, staleTimeMs: 60_000 },
  );
  const weeks = Number(search.get('week') ?? weeksAway(linked.data?.startsAt ?? now, now, format.zone)) || 0;
  const week = weekFrom(now, format.zone, weeks);
  const query = useSlots(week.from, week.to);
  const open = query.data?.slots.find((slot) => slot.id === wanted) ?? null;
  const lineId = useChosenLine(search.get('line'), linked.data?.lineId ?? null);
  const slots = (query.data?.slots ?? []).filter((slot) => !lineId || slot.lineId === lineId);
  const foreign = slots.find((slot) => !sameWallClock(slot.startsAt, slot.zone, format.zone));
  const dayOf = (at: number) => dayNumber(at, format.zone) - dayNumber(week.from, format.zone);
  const day = chosenDay ?? (open ? dayOf(open.startsAt) : 0);

  const change = (changes: Record<string, string | null>) =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        for (const [name, value] of Object.entries(changes)) {
          if (value === null) next.delete(name);
          else next.set(name, value);
        }
        return next;
      },
      { replace: true },
    );
  const go = (to: number) => {
    setChosenDay(to === 0 ? null : 0);
    change({ week: String(to), slot: null });
  };
  // Keeping the week in the address stops the link's own week from taking over once the panel closes.
  const show = (slot: Slot | null) => change({ slot: slot?.id ?? null, week: String(weeks) });
  const shared = {
    week,
    slots,
    now,
    showLine: lineId === null && lines.length > 1,
    openSlotId: wanted,
    onOpen: show,
  };

  return (
    <Page
      title={t('title')}
      wide
      lead={t('lead')}
      actions={
        mayDo('slots.plan') && (
          <Button icon={<PlusOutlined aria-hidden />} onClick={() => setPlanning(true)}>
            {t('plan.open')}
          </Button>
        )
      }
    >
      <div className={styles.bar}>
        <WeekSwitch week={week} weeks={weeks} onGo={go} />
        {lines.length > 1 && <LineChoice lineId={lineId} onChoose={(line) => change({ line })} />}
      </div>
      {foreign && (
        <p className={styles.zone}>
          {t('zoneNote', { zone: zoneName(now, { zone: format.zone, language: format.language }) })}
        </p>
      )}
      {query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : !query.data ? (
        <LoadingRows rows={5} height={84} />
      ) : slots.length === 0 ? (
        <EmptyState
          icon={<CalendarOutlined />}
          title={t('empty.week')}
          action={<Button onClick={() => go(weeks + 1)}>{t('empty.later')}</Button>}
        >
          {mayDo('slots.plan') ? t('empty.weekHost') : t('empty.weekBody')}
        </EmptyState>
      ) : phone ? (
        <DayList {...shared} day={Math.min(6, Math.max(0, day))} onDay={setChosenDay} />
      ) : (
        <WeekGrid {...shared} />
      )}
      <SlotPanel slot={open} now={now} onClose={() => show(null)} />
      <PlanSlot
        open={planning}
        onClose={() => setPlanning(false)}
        onPlanned={(slot) => {
          setPlanning(false);
          change({ week: String(weeksAway(slot.startsAt, now, format.zone)), slot: slot.id });
        }}
      />
    </Page>
  );
}

/** With more lines than this, all at once are too many to look at. */
const fewLines = 2;

/** The line that is shown; null for all. Without a choice: the one that the link leads to, or that of my next seat. */
function useChosenLine(chosen: string | null, linked: string | null): string | null {
  const { lines } = useLines();
  const mine = useMySeats();
  const now = useNow(60_000);
  if (chosen === allLines) return null;
  if (chosen !== null) return chosen;
  if (linked !== null || lines.length <= fewLines) return linked;
  return nextSeat(mine.data?.reservations ?? [], now)?.slot.lineId ?? lines[0]?.id ?? null;
}

function WeekSwitch({ week, weeks, onGo }: { week: Week; weeks: number; onGo: (weeks: number) => void }) {
  const { t } = useTranslation('seats');
  const format = useFormat();
  const date = new Intl.DateTimeFormat(format.language === 'en' ? 'en-GB' : format.language, {
    day: 'numeric',
    month: 'long',
    timeZone: format.zone,
  });
  // In Chinese Intl writes the range with slashes (11/16 – 11/22), people write 11月16日–11月22日.
  const range =
    format.language === 'zh-CN'
      ? `${date.format(week.from)}–${date.format(week.to - 1)}`
      : date.formatRange(week.from, week.to - 1);
  return (
    <div className={styles.weeks}>
      <Button icon={<LeftOutlined />} aria-label={t('week.previous')} onClick={() => onGo(weeks - 1)} />
      <Button icon={<RightOutlined />} aria-label={t('week.next')} onClick={() => onGo(weeks + 1)} />
      <h2 className={styles.range} aria-live="polite">
        {range}
      </h2>
      {weeks !== 0 && (
        <Button type="link" onClick={() => onGo(0)}>
          {t('week.current')}
        </Button>
      )}
    </div>
  );
}

function LineChoice({ lineId, onChoose }: { lineId: string | null; onChoose: (line: string) => void }) {
  const { t } = useTranslation('seats');
  const local = useLocalText();
  const phone = useIsPhone();
  const { lines } = useLines();
  const options = [
    ...lines.map((line) => ({ value: line.id, label: local(line.name) })),
    { value: allLines, label: t('week.allLines') },
  ];
  const value = lineId ?? allLines;
  if (phone || lines.length > 6) {
    return (
      <Select
        className={styles.lines ?? ''}
        aria-label={t('week.line')}
        value={value}
        onChange={onChoose}
        options={options}
      />
    );
  }
  return <Segmented aria-label={t('week.line')} value={value} onChange={onChoose} options={options} />;
}
