import { expect } from 'chai';
import { type ReservationState, reservationState } from '#contract/seats.ts';
import {
  type Command,
  cellsOf,
  commands,
  decide,
  faultOfWindow,
  holdsSeat,
  isSeated,
  seatsToTry,
} from '#domains/seats/seats.ts';

const minute = 60_000;
const hour = 60 * minute;
const startsAt = Date.UTC(2026, 0, 5, 6);
const slot = { startsAt, endsAt: startsAt + hour };
const states = reservationState.options;

const outcome = (command: Command, state: ReservationState, now = startsAt) => {
  try {
    return decide(command, state, slot, now);
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('A reservation', () => {
  it('moves only along the lines drawn for it', () => {
    const drawn = Object.fromEntries(
      Object.keys(commands).map((command) => [
        command,
        Object.fromEntries(states.map((state) => [state, outcome(command as Command, state)])),
      ]),
    );
    const no = 'reservation.state';
    expect(drawn).to.deep.equal({
      confirm: {
        held: 'go',
        confirmed: 'done',
        'checked-in': no,
        attended: no,
        'no-show': no,
        cancelled: no,
      },
      checkIn: {
        held: no,
        confirmed: 'go',
        'checked-in': 'done',
        attended: no,
        'no-show': no,
        cancelled: no,
      },
      cancel: {
        held: 'go',
        confirmed: 'go',
        'checked-in': 'go',
        attended: no,
        'no-show': no,
        cancelled: 'done',
      },
      attend: { held: no, confirmed: no, 'checked-in': 'go', attended: 'done', 'no-show': no, cancelled: no },
      miss: { held: 'go', confirmed: 'go', 'checked-in': no, attended: no, 'no-show': 'done', cancelled: no },
    });
  });

  it('can be checked in from 15 minutes before the slot until it ends', () => {
    expect(outcome('checkIn', 'confirmed', startsAt - 15 * minute - 1)).to.equal('check-in.early');
    expect(outcome('checkIn', 'confirmed', startsAt - 15 * minute)).to.equal('go');
    expect(outcome('checkIn', 'confirmed', slot.endsAt - 1)).to.equal('go');
    expect(outcome('checkIn', 'confirmed', slot.endsAt)).to.equal('check-in.late');
  });

  it('cannot be cancelled once the slot is over', () => {
    expect(outcome('cancel', 'confirmed', slot.endsAt - 1)).to.equal('go');
    expect(outcome('cancel', 'confirmed', slot.endsAt)).to.equal('reservation.state');
    expect(outcome('cancel', 'cancelled', slot.endsAt), 'twice is once').to.equal('done');
  });

  it('holds its seat until it is cancelled or missed', () => {
    expect(states.filter(holdsSeat)).to.deep.equal(['held', 'confirmed', 'checked-in', 'attended']);
  });

  it('seats a person only while checked in, within the window', () => {
    expect(isSeated({ state: 'checked-in' }, slot, startsAt)).to.equal(true);
    expect(isSeated({ state: 'confirmed' }, slot, startsAt)).to.equal(false);
    expect(isSeated({ state: 'checked-in' }, slot, slot.endsAt)).to.equal(false);
    expect(isSeated({ state: 'checked-in' }, slot, startsAt - 16 * minute)).to.equal(false);
  });
});

describe('A slot', () => {
  const fault = (
    window: Partial<{ startsAt: number; endsAt: number; zone: string }>,
    now = startsAt - hour,
  ) => faultOfWindow({ ...slot, zone: 'Asia/Shanghai', ...window }, now)?.field ?? null;

  it('covers the five-minute cells from its start up to its end', () => {
    const cells = cellsOf({ startsAt, endsAt: startsAt + 15 * minute });
    expect(cells).to.deep.equal([0, 1, 2].map((step) => startsAt / (5 * minute) + step));
  });

  it('shares no cell with the slot right after it and one with a slot that begins five minutes early', () => {
    const shared = (from: number) =>
      cellsOf({ startsAt: from, endsAt: from + hour }).filter((cell) => cellsOf(slot).includes(cell)).length;
    expect(shared(slot.endsAt)).to.equal(0);
    expect(shared(slot.endsAt - 5 * minute)).to.equal(1);
  });

  it('is planned on full five minutes, forwards, for at most twelve hours, in a zone that exists', () => {
    expect(fault({})).to.equal(null);
    expect(fault({ startsAt: startsAt + 1 })).to.equal('startsAt');
    expect(fault({ endsAt: slot.endsAt + minute })).to.equal('endsAt');
    expect(fault({ endsAt: startsAt })).to.equal('endsAt');
    expect(fault({ endsAt: startsAt + 12 * hour })).to.equal(null);
    expect(fault({ endsAt: startsAt + 12 * hour + 5 * minute })).to.equal('endsAt');
    expect(fault({ zone: 'Mars/Olympus' })).to.equal('zone');
  });

  it('may be planned while it already runs, but not after it ended', () => {
    expect(fault({}, slot.endsAt - 1)).to.equal(null);
    expect(fault({}, slot.endsAt)).to.equal('endsAt');
  });
});

describe('The seats a person tries', () => {
  it('are all the free ones, each once', () => {
    expect(seatsToTry(5, new Set([2, 4]), 'someone').sort()).to.deep.equal([1, 3, 5]);
    expect(seatsToTry(3, new Set([1, 2, 3]), 'someone')).to.deep.equal([]);
  });

  it('begin elsewhere for different people, so that a rush spreads', () => {
    const firsts = Array.from({ length: 200 }, (_, index) => seatsToTry(5, new Set(), `crowd-${index}`)[0]);
    const counts = [1, 2, 3, 4, 5].map((seat) => firsts.filter((first) => first === seat).length);
    for (const count of counts) expect(count).to.be.within(20, 60);
  });
});
