import { expect } from 'chai';
import type { Person, Role } from '#contract/identity.ts';
import type { ReservationState, Slot } from '#contract/seats.ts';
import { admitToRoom, afterSlotMs, assertSlotRuns } from '#domains/listening/listening.ts';

const startsAt = 1_000_000_000_000;
const endsAt = startsAt + 3_600_000;
const during = startsAt + 60_000;

const person = (role: Role, lineIds: string[] = ['supermarket']): Person => ({
  id: 'person',
  name: { en: 'Someone', zh: '某人' },
  title: { en: 'Title', zh: '职位' },
  role,
  businessIds: [],
  lineIds,
});

const slot = (mine: ReservationState | null): Slot => ({
  id: 'slot',
  lineId: 'supermarket',
  startsAt,
  endsAt,
  zone: 'Asia/Shanghai',
  seats: 5,
  taken: 1,
  mode: 'listen',
  hostId: null,
  hostName: null,
  mine: mine && {
    id: 'reservation',
    slotId: 'slot',
    personId: 'person',
    seat: 1,
    state: mine,
    reservedAt: startsAt - 1,
    checkedInAt: null,
    cancelledAt: null,
  },
});

describe('admission to a live room', () => {
  it('wants a checked-in seat', () => {
    expect(admitToRoom(person('listener'), slot('checked-in'), during).host).to.equal(false);
    for (const state of [null, 'held', 'confirmed', 'cancelled', 'no-show'] as const) {
      expect(() => admitToRoom(person('listener'), slot(state), during), String(state))
        .to.throw()
        .with.property('code', 'seat.required');
    }
  });

  it('wants the line in scope, even with a seat', () => {
    expect(() => admitToRoom(person('listener', ['delivery']), slot('checked-in'), during))
      .to.throw()
      .with.property('code', 'scope.denied');
  });

  it('refuses roles that do not listen', () => {
    for (const role of ['agent', 'admin'] as const) {
      expect(() => admitToRoom(person(role), slot('checked-in'), during), role)
        .to.throw()
        .with.property('code', 'ability.denied');
    }
  });

  it('lets a host in without a seat', () => {
    expect(admitToRoom(person('host', []), slot(null), during).host).to.equal(true);
  });

  it('does not count a CX specialist as a host', () => {
    expect(() => admitToRoom(person('cx', []), slot(null), during))
      .to.throw()
      .with.property('code', 'seat.required');
  });

  it('opens a quarter of an hour before and closes some minutes after the slot', () => {
    const seated = slot('checked-in');
    expect(() => admitToRoom(person('listener'), seated, startsAt - 16 * 60_000))
      .to.throw()
      .with.property('code', 'check-in.early');
    admitToRoom(person('listener'), seated, startsAt - 14 * 60_000);
    admitToRoom(person('listener'), seated, endsAt + afterSlotMs);
    expect(() => admitToRoom(person('listener'), seated, endsAt + afterSlotMs + 1))
      .to.throw()
      .with.property('code', 'slot.over');
  });

  it('begins a new listening only within the slot', () => {
    assertSlotRuns(slot(null), startsAt);
    expect(() => assertSlotRuns(slot(null), startsAt - 1))
      .to.throw()
      .with.property('code', 'check-in.early');
    expect(() => assertSlotRuns(slot(null), endsAt))
      .to.throw()
      .with.property('code', 'slot.over');
  });
});
