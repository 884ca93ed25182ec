import { expect } from 'chai';
import type { Person, Role } from '#contract/identity.ts';
import { lateNotesMs } from '#contract/rooms.ts';
import type { ReservationState, Slot } from '#contract/seats.ts';
import { assertHost, handGraceMs, handsUp, type KeptHand, notesAccess } from '#domains/rooms/rooms.ts';
import { AppError } from '#kernel/errors.ts';

const hour = 3_600_000;
const startsAt = 100 * hour;

const person = (role: Role, lineIds: string[] = ['supermarket']): Person => ({
  id: `a-${role}`,
  name: { en: role, zh: role },
  title: { en: role, zh: role },
  role,
  businessIds: [],
  lineIds,
});

const slot = (mine: ReservationState | null): Slot => ({
  ...{ id: 'slot_1', lineId: 'supermarket', startsAt, endsAt: startsAt + hour, zone: 'Asia/Shanghai' },
  ...{ seats: 5, taken: 1, mode: 'listen', hostId: null, hostName: null },
  mine: mine && {
    ...{ id: 'rsv_1', slotId: 'slot_1', personId: 'a-listener', seat: 1, state: mine },
    ...{ reservedAt: 0, checkedInAt: null, cancelledAt: null },
  },
});

const answer = (attempt: () => unknown): unknown => {
  try {
    return attempt();
  } catch (thrown) {
    return thrown instanceof AppError ? thrown.code : thrown;
  }
};

describe('The notes of a slot', () => {
  const during = startsAt + 1_000;
  const access = (who: Person, mine: ReservationState | null, now = during) =>
    answer(() => notesAccess(who, slot(mine), now));

  it('are written by those who took their seat, and by hosts', () => {
    expect(access(person('listener'), 'checked-in')).to.deep.equal({ mayWrite: true, insider: true });
    expect(access(person('host'), null)).to.deep.equal({ mayWrite: true, insider: true });
  });

  it('take in late writing for a day, and are read ever after', () => {
    const end = startsAt + hour;
    const listener = person('listener');
    expect(access(listener, 'attended', end + lateNotesMs)).to.deep.equal({ mayWrite: true, insider: true });
    expect(access(listener, 'attended', end + lateNotesMs + 1)).to.deep.equal({
      mayWrite: false,
      insider: true,
    });
    expect(access(person('host'), null, startsAt - hour)).to.deep.equal({ mayWrite: false, insider: true });
  });

  it('are read by the CX team, who were not in the room', () => {
    expect(access(person('cx'), null)).to.deep.equal({ mayWrite: false, insider: false });
    expect(access(person('cx'), 'checked-in')).to.deep.equal({ mayWrite: true, insider: true });
  });

  it('are nobody else’s business', () => {
    for (const state of [null, 'held', 'confirmed', 'no-show', 'cancelled'] as const) {
      expect(access(person('listener'), state), String(state)).to.equal('seat.required');
    }
    expect(access(person('listener', ['electronics']), 'checked-in')).to.equal('scope.denied');
    expect(access(person('agent'), null)).to.equal('ability.denied');
    expect(access(person('admin'), null)).to.equal('ability.denied');
  });
});

describe('The host of a room', () => {
  it('is a host of the programme, and nobody else', () => {
    expect(answer(() => assertHost(person('host'), slot(null)))).to.equal(undefined);
    for (const role of ['listener', 'cx', 'owner', 'agent', 'admin'] as const) {
      expect(
        answer(() => assertHost(person(role), slot('checked-in'))),
        role,
      ).to.equal('ability.denied');
    }
  });
});

describe('Raised hands', () => {
  const hand = (personId: string, raisedAt: number, goneAt: number | null = null): KeptHand => ({
    personId,
    name: { en: personId, zh: personId },
    raisedAt,
    goneAt,
  });

  it('stand in the order they went up', () => {
    const up = handsUp([hand('c', 3), hand('b', 1), hand('a', 1)], 10);
    expect(up.map(({ personId }) => personId)).to.deep.equal(['a', 'b', 'c']);
  });

  it('wait a while for who lost the connection', () => {
    const kept = [hand('a', 1), hand('b', 2, 1_000)];
    expect(handsUp(kept, 1_000 + handGraceMs)).to.have.length(2);
    expect(handsUp(kept, 1_001 + handGraceMs).map(({ personId }) => personId)).to.deep.equal(['a']);
  });
});
