import { expect } from 'chai';
import type { Reservation, ReservationState } from '#contract/seats.ts';
import type { Businesses } from '#domains/businesses/businesses.service.ts';
import type { Identity } from '#domains/identity/identity.service.ts';
import type { SeatsStore } from '#domains/seats/seats.ports.ts';
import { Seats, type SeatsEvents } from '#domains/seats/seats.service.ts';
import { createSeatsStore } from '#domains/seats/seats.store.ts';
import { type PlannedSlot, settleAfterMs } from '#domains/seats/seats.ts';
import { createLog } from '#kernel/log.ts';
import { connectMongo, type MongoConnection } from '#kernel/mongo.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import { freshStores } from '#support/stack.ts';

const hour = 3_600_000;
const startsAt = Date.UTC(2026, 0, 5, 6);

const slot: PlannedSlot = {
  id: 'slot_a',
  lineId: 'supermarket',
  startsAt,
  endsAt: startsAt + hour,
  zone: 'Asia/Shanghai',
  seats: 4,
  mode: 'listen',
  hostId: null,
};
const reservation = (id: string, seat: number, state: ReservationState): Reservation => ({
  id,
  slotId: slot.id,
  personId: `person-of-${id}`,
  seat,
  state,
  reservedAt: startsAt - hour,
  checkedInAt: null,
  cancelledAt: null,
});
const planned = (id: string, window: Partial<PlannedSlot> = {}) => ({
  ...slot,
  ...window,
  id,
  plannedBy: 'host',
  idempotencyKey: `key-of-${id}`,
  requestHash: 'hash',
});
const request = (id: string) => ({ idempotencyKey: `key-of-${id}`, requestHash: 'hash' });

describe('The seats’ store', function () {
  this.timeout(30_000);
  let mongo: MongoConnection;
  let store: SeatsStore;

  beforeEach(async () => {
    mongo = await connectMongo((await freshStores()).MONGODB_URL, createLog('test', 'error'));
    store = await createSeatsStore(mongo);
    expect(await store.insertSlot(planned(slot.id))).to.equal('stored');
  });
  afterEach(() => mongo.close());

  const put = (one: Reservation) => store.insertReservation({ ...one, ...request(one.id) }, slot);

  it('says which rule refused a slot', async () => {
    expect(await store.insertSlot(planned('slot_b', { startsAt: startsAt + 5 * 60_000 }))).to.equal(
      'overlaps',
    );
    expect(
      await store.insertSlot({ ...planned('slot_b', later(1)), idempotencyKey: 'key-of-slot_a' }),
    ).to.equal('key-used');
    expect(await store.insertSlot(planned('slot_b', later(1)))).to.equal('stored');
  });

  it('stores of many slots those that nothing refuses', async () => {
    await store.insertSlots([
      planned('slot_b', later(1)),
      planned('slot_overlapping', { startsAt: startsAt + 10 * 60_000 }),
      planned('slot_c', later(2)),
    ]);
    const found = await store.slotsBetween({
      from: startsAt,
      to: startsAt + 10 * hour,
      lineIds: ['supermarket'],
    });
    expect(found.map(({ id }) => id)).to.deep.equal(['slot_a', 'slot_b', 'slot_c']);
  });

  it('says which rule refused a reservation', async () => {
    expect(await put(reservation('one', 1, 'confirmed'))).to.equal('stored');
    expect(await put(reservation('two', 1, 'confirmed'))).to.equal('seat-taken');
    expect(await put({ ...reservation('three', 2, 'confirmed'), personId: 'person-of-one' })).to.equal(
      'person-holds',
    );
    const sameKey = {
      ...reservation('four', 3, 'confirmed'),
      slotId: 'slot_else',
      personId: 'person-of-one',
    };
    expect(await store.insertReservation({ ...sameKey, ...request('one') }, slot)).to.equal('key-used');
  });

  it('moves a reservation only from the state that was seen', async () => {
    await put(reservation('one', 1, 'confirmed'));
    const moved = await store.move('one', ['confirmed'], 'checked-in', { checkedInAt: startsAt });
    expect(moved).to.include({ state: 'checked-in', checkedInAt: startsAt });
    expect(await store.move('one', ['confirmed'], 'cancelled')).to.equal(null);
    expect((await store.holding('person-of-one', slot.id))?.state).to.equal('checked-in');
  });

  it('counts a seat as taken until it is given back', async () => {
    await put(reservation('one', 1, 'confirmed'));
    await put(reservation('two', 2, 'confirmed'));
    const span = { from: startsAt, to: startsAt + 1, lineIds: ['supermarket'] };
    expect((await store.takenBetween(span)).get(slot.id)).to.equal(2);
    await store.move('one', ['confirmed'], 'cancelled', { cancelledAt: startsAt });
    expect((await store.takenBetween(span)).get(slot.id)).to.equal(1);
    expect([...(await store.seatsTaken(slot.id))]).to.deep.equal([2]);
    expect(await store.takenBetween({ ...span, lineIds: ['delivery'] })).to.have.property('size', 0);
  });

  it('finds slots that touch a span, not those that end where it begins', async () => {
    const found = async (from: number, to: number) =>
      (await store.slotsBetween({ from, to, lineIds: ['supermarket'] })).length;
    expect(await found(slot.endsAt - 1, slot.endsAt + hour)).to.equal(1);
    expect(await found(slot.endsAt, slot.endsAt + hour)).to.equal(0);
    expect(await found(startsAt - hour, startsAt)).to.equal(0);
    expect(await found(startsAt - hour, startsAt + 1)).to.equal(1);
  });

  it('tells, once a slot is long enough over, who attended and who did not come', async () => {
    const time = { now: slot.endsAt + settleAfterMs };
    const seats = new Seats({
      store,
      identity: {} as Identity,
      businesses: {} as Businesses,
      events: new TypedEvents<SeatsEvents>(() => {}),
      clock: () => time.now,
    });
    await put(reservation('came', 1, 'checked-in'));
    await put(reservation('stayed-away', 2, 'confirmed'));
    await put(reservation('held', 3, 'held'));
    await put(reservation('gone', 4, 'cancelled'));
    expect(await seats.settle(), 'a call may still be heard out').to.deep.equal({ attended: 0, missed: 0 });
    expect(await seats.checkedIn('person-of-came', slot.id, slot.endsAt - 1)).to.include({ id: 'came' });
    expect(await seats.checkedIn('person-of-came', slot.id, slot.endsAt)).to.equal(null);
    expect(await seats.checkedIn('person-of-held', slot.id, slot.endsAt - 1)).to.equal(null);

    time.now += 1;
    const [once, twice] = [await seats.settle(), await seats.settle()];
    expect([once, twice]).to.deep.equal([
      { attended: 1, missed: 2 },
      { attended: 0, missed: 0 },
    ]);
    const states = await Promise.all(
      ['came', 'stayed-away', 'held', 'gone'].map((id) => store.reservation(`person-of-${id}`, id)),
    );
    expect(states.map((one) => one?.state)).to.deep.equal(['attended', 'no-show', 'no-show', 'cancelled']);
    expect([...(await store.seatsTaken(slot.id))]).to.deep.equal([1]);
  });
});

function later(hours: number): Partial<PlannedSlot> {
  return { startsAt: startsAt + hours * hour, endsAt: startsAt + (hours + 1) * hour };
}
