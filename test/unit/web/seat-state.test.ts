import { expect } from 'chai';
import type { ReservationState, Slot } from '#contract/seats.ts';
import { nextSeat, seatState } from '#web/domains/seats/seat-state.ts';
import { foldNight, hourRows, weekFrom, weeksAway } from '#web/domains/seats/week.ts';
import { minuteOfDay } from '#web/ui/format/time.ts';

const minute = 60_000;
const zone = 'Asia/Shanghai';
/** Wednesday 12 March 2025, 14:00–15:00 in Shanghai. */
const startsAt = Date.UTC(2025, 2, 12, 6);

function slot(changes: Partial<Slot> = {}): Slot {
  return {
    id: 'slot',
    lineId: 'line',
    startsAt,
    endsAt: startsAt + 60 * minute,
    zone,
    seats: 5,
    taken: 2,
    mode: 'listen',
    hostId: null,
    hostName: null,
    mine: null,
    ...changes,
  };
}

const held = (state: ReservationState) => ({ state });

describe('what can be done with a slot', () => {
  it('is to reserve while a seat is free', () => {
    expect(seatState(slot(), null, startsAt - 1)).to.equal('free');
    expect(seatState(slot({ taken: 5 }), null, startsAt - 1)).to.equal('full');
  });

  it('is to check in from 15 minutes before the start until the end', () => {
    const mine = held('confirmed');
    expect(seatState(slot(), mine, startsAt - 15 * minute - 1)).to.equal('reserved');
    expect(seatState(slot(), mine, startsAt - 15 * minute)).to.equal('check-in');
    expect(seatState(slot(), mine, startsAt + 60 * minute - 1)).to.equal('check-in');
    expect(seatState(slot(), mine, startsAt + 60 * minute)).to.equal('over');
  });

  it('is to join once checked in, and nothing when it is over', () => {
    expect(seatState(slot(), held('checked-in'), startsAt)).to.equal('join');
    expect(seatState(slot(), held('checked-in'), startsAt + 60 * minute)).to.equal('attended');
    expect(seatState(slot(), held('no-show'), startsAt + 60 * minute)).to.equal('over');
  });

  it('is to reserve again after the seat was given back', () => {
    expect(seatState(slot(), held('cancelled'), startsAt - 1)).to.equal('free');
  });
});

const seat = (id: string, at: number, state: ReservationState) => ({
  id,
  slotId: id,
  personId: 'me',
  seat: 1,
  state,
  reservedAt: 0,
  checkedInAt: null,
  cancelledAt: null,
  slot: slot({ id, startsAt: at, endsAt: at + 60 * minute }),
});

describe('the next seat', () => {
  it('is the one that is open now before the one that comes first', () => {
    const over = seat('over', startsAt - 120 * minute, 'confirmed');
    const coming = seat('coming', startsAt + 20 * minute, 'confirmed');
    const open = seat('open', startsAt + 5 * minute, 'confirmed');
    expect(nextSeat([over, coming, open], startsAt)?.id).to.equal('open');
    expect(nextSeat([over, coming], startsAt)?.id).to.equal('coming');
    expect(nextSeat([over], startsAt)).to.equal(null);
  });
});

describe('the seven days', () => {
  const day = 24 * 60 * minute;

  it('begin today, and put each slot into the row of its hour and the column of its day', () => {
    const week = weekFrom(startsAt, zone);
    const early = slot({ id: 'early', startsAt: startsAt - 15 * minute });
    const last = slot({ id: 'last', startsAt: startsAt + 6 * day });
    const later = slot({ id: 'later', startsAt: startsAt + 7 * day });
    const yesterday = slot({ id: 'yesterday', startsAt: startsAt - day });
    const rows = hourRows([slot(), early, last, later, yesterday], week, zone);
    expect(rows.map(({ hour }) => hour)).to.deep.equal([13, 14]);
    expect(rows[0]?.days[0]?.map(({ id }) => id)).to.deep.equal(['early']);
    const columns = rows[1]?.days.map((slots) => slots.map(({ id }) => id).join());
    expect(columns).to.deep.equal(['slot', '', '', '', '', '', 'last']);
  });

  it('have midnights also when the clocks change within them', () => {
    const week = weekFrom(Date.UTC(2025, 2, 27), 'Europe/Paris');
    expect(week.days.map((at) => minuteOfDay(at, 'Europe/Paris'))).to.deep.equal([0, 0, 0, 0, 0, 0, 0]);
    expect(week.to - week.from).to.equal(7 * day - 60 * minute);
  });

  it('can be found from a moment in them', () => {
    expect(weeksAway(startsAt + 6 * day, startsAt, zone)).to.equal(0);
    expect(weeksAway(startsAt + 7 * day, startsAt, zone)).to.equal(1);
    expect(weeksAway(startsAt - day, startsAt, zone)).to.equal(-1);
  });

  it('fold the night away unless something of mine is in it, or something runs', () => {
    const at = startsAt + 13 * 60 * minute;
    const night = slot({ id: 'night', startsAt: at, endsAt: at + 60 * minute });
    const week = weekFrom(startsAt, zone);
    const hours = (slots: Slot[], now: number) =>
      foldNight(hourRows(slots, week, zone), now).day.map(({ hour }) => hour);
    expect(hours([slot(), night], startsAt)).to.deep.equal([14]);
    expect(hours([slot(), night], night.startsAt)).to.deep.equal([3, 14]);
    expect(hours([night], startsAt)).to.deep.equal([3]);
    const mine = { ...seat('r', at, 'confirmed'), slotId: 'night' };
    expect(hours([slot(), { ...night, mine }], startsAt)).to.deep.equal([3, 14]);
  });
});
