import { expect } from 'chai';
import { seatsEvents } from '#contract/listening.ts';
import type { Slot } from '#contract/seats.ts';
import { seatsEndpoints } from '#contract/seats.ts';
import type { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const hour = 3_600_000;
const thisHour = Math.floor(Date.now() / hour) * hour;

const refused = async (attempt: Promise<unknown>): Promise<ApiError> =>
  attempt.then(
    () => Promise.reject(new Error('this should have been refused')),
    (error: ApiError) => error,
  );

describe('Seats', function () {
  this.timeout(30_000);
  let servers: ServerProcess[] = [];
  let host: PersonClient;
  let manager: PersonClient;
  let owner: PersonClient;

  before(async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    servers = await Promise.all([startServer(stores), startServer(stores)]);
    const url = servers[0]!.url;
    [host, manager, owner] = await Promise.all([
      PersonClient.signIn(url, 'host'),
      PersonClient.signIn(url, 'supermarket-manager'),
      PersonClient.signIn(url, 'mother-baby-owner'),
    ]);
  });
  after(() => Promise.all(servers.map((server) => server.stop())));

  let planned = 0;
  /** Each on an hour of its own, from two hours ahead. */
  const plan = (lineId = 'supermarket', seats = 3): Promise<Slot> => {
    planned += 1;
    const startsAt = thisHour + (planned + 1) * hour;
    return host.seats.plan({ lineId, startsAt, endsAt: startsAt + hour, seats });
  };
  /** A slot that runs now; one per line. */
  const running = (lineId: string): Promise<Slot> =>
    host.seats.plan({ lineId, startsAt: thisHour, endsAt: thisHour + 2 * hour, seats: 2 });

  it('are planned by a host, who is then named beside them', async () => {
    const slot = await plan();
    expect(slot).to.include({ lineId: 'supermarket', seats: 3, taken: 0, hostId: 'host', mine: null });
    expect(slot.hostName).to.deep.equal(host.person.name);
  });

  it('are planned by nobody else', async () => {
    const startsAt = thisHour + 300 * hour;
    const attempt = manager.seats.plan({
      lineId: 'supermarket',
      startsAt,
      endsAt: startsAt + hour,
      seats: 1,
    });
    expect(await refused(attempt)).to.include({ status: 403, code: 'ability.denied' });
  });

  it('of one line never overlap, those of two lines may', async () => {
    const slot = await plan();
    const { startsAt, endsAt } = slot;
    const inside = {
      lineId: 'supermarket',
      startsAt: startsAt + 5 * 60_000,
      endsAt: startsAt + 10 * 60_000,
      seats: 1,
    };
    expect(await refused(host.seats.plan(inside))).to.include({ status: 409, code: 'slot.overlap' });
    const other = await host.seats.plan({ lineId: 'electronics', startsAt, endsAt, seats: 1 });
    expect(other.id).to.not.equal(slot.id);
  });

  it('are planned once per key', async () => {
    const startsAt = thisHour + 200 * hour;
    const request = {
      lineId: 'fresh-food',
      startsAt,
      endsAt: startsAt + hour,
      seats: 4,
      idempotencyKey: 'plan-once-1',
    };
    const [first, again] = [await host.seats.plan(request), await host.seats.plan(request)];
    expect(again.id).to.equal(first.id);
    expect(await refused(host.seats.plan({ ...request, seats: 5 }))).to.include({
      status: 409,
      code: 'idempotency.reused',
    });
  });

  it('are refused on a line that does not exist, off the grid, or backwards', async () => {
    const startsAt = thisHour + 250 * hour;
    const good = { lineId: 'supermarket', startsAt, endsAt: startsAt + hour, seats: 1 };
    expect(await refused(host.seats.plan({ ...good, lineId: 'no-such-line' }))).to.include({
      code: 'not-found',
    });
    for (const [field, wrong] of [
      ['startsAt', { startsAt: startsAt + 1 }],
      ['endsAt', { endsAt: startsAt }],
      ['zone', { zone: 'Nowhere/At_All' }],
      ['seats', { seats: 0 }],
    ] as const) {
      const error = await refused(host.seats.plan({ ...good, ...wrong }));
      expect(error, field).to.include({ status: 400, code: 'request.invalid' });
      expect(error.details).to.have.nested.property('fields[0].path', `body.${field}`);
    }
  });

  it('show in the week of everyone with the line in scope, with what is taken and what is mine', async () => {
    const slot = await plan();
    const reservation = await manager.seats.reserve(slot);
    const span = { from: slot.startsAt, to: slot.endsAt };
    const seen = (await manager.seats.week(span)).slots.find(({ id }) => id === slot.id);
    expect(seen).to.deep.include({ taken: 1, mine: reservation });
    const others = (await owner.seats.week(span)).slots.find(({ id }) => id === slot.id);
    expect(others).to.deep.include({ taken: 1, mine: null });
    expect(await manager.seats.show(slot.id)).to.deep.equal(seen);
  });

  it('outside a person’s scope are not shown, read or reserved', async () => {
    const slot = await plan('delivery');
    const span = { from: slot.startsAt, to: slot.endsAt };
    expect((await manager.seats.week(span)).slots.map(({ lineId }) => lineId)).to.not.include('delivery');
    for (const attempt of [
      () => manager.seats.week({ ...span, lineId: 'delivery' }),
      () => manager.seats.show(slot.id),
      () => manager.seats.reserve(slot),
    ]) {
      expect(await refused(attempt())).to.include({ status: 403, code: 'scope.denied' });
    }
    const agent = await PersonClient.signIn(servers[0]!.url, 'agent-6');
    expect(await refused(agent.seats.week(span))).to.include({ status: 403, code: 'ability.denied' });
  });

  it('are asked for at most 35 days at a time', async () => {
    const day = 24 * hour;
    const from = thisHour;
    await manager.seats.week({ from, to: from + 35 * day });
    for (const to of [from, from - 1, from + 35 * day + 1]) {
      expect(await refused(manager.seats.week({ from, to }))).to.include({ code: 'request.invalid' });
    }
  });

  it('are reserved once per person, and once per key', async () => {
    const slot = await plan();
    const reservation = await manager.seats.reserve(slot, 'reserve-key-1');
    expect(reservation).to.include({ slotId: slot.id, personId: 'supermarket-manager', state: 'confirmed' });
    expect(await manager.seats.reserve(slot, 'reserve-key-1')).to.deep.equal(reservation);
    expect(await refused(manager.seats.reserve(slot))).to.include({
      status: 409,
      code: 'reservation.exists',
    });
    const other = await plan();
    expect(await refused(manager.seats.reserve(other, 'reserve-key-1'))).to.include({
      code: 'idempotency.reused',
    });
    // The key is the person's own: another may use the same.
    expect(await owner.seats.reserve(slot, 'reserve-key-1')).to.include({ personId: 'mother-baby-owner' });
  });

  it('are refused when all are taken, but not to someone who has one', async () => {
    const slot = await plan('supermarket', 1);
    await manager.seats.reserve(slot);
    expect(await refused(owner.seats.reserve(slot))).to.include({ status: 409, code: 'slot.full' });
    expect(await refused(manager.seats.reserve(slot))).to.include({
      status: 409,
      code: 'reservation.exists',
    });
  });

  it('given back are free again, and giving back twice changes nothing', async () => {
    const slot = await plan('supermarket', 1);
    const reservation = await manager.seats.reserve(slot);
    const cancelled = await manager.seats.cancel(reservation);
    expect(cancelled.state).to.equal('cancelled');
    expect(cancelled.cancelledAt).to.be.a('number');
    expect(await manager.seats.cancel(reservation)).to.deep.equal(cancelled);
    expect((await manager.seats.show(slot.id)).mine).to.equal(null);
    expect(await owner.seats.reserve(slot)).to.include({ seat: 1 });
    expect(await refused(manager.seats.checkIn(reservation))).to.include({
      status: 409,
      code: 'reservation.state',
    });
  });

  it('can be reserved anew after they were given back, with a new key', async () => {
    const slot = await plan();
    const first = await manager.seats.reserve(slot, 'first-attempt');
    await manager.seats.cancel(first);
    expect(await manager.seats.reserve(slot, 'first-attempt')).to.include({
      id: first.id,
      state: 'cancelled',
    });
    const second = await manager.seats.reserve(slot, 'second-attempt');
    expect(second).to.include({ state: 'confirmed' });
    expect(second.id).to.not.equal(first.id);
  });

  it('are taken by checking in, not before the time has come', async () => {
    const later = await manager.seats.reserve(await plan());
    expect(await refused(manager.seats.checkIn(later))).to.include({ status: 409, code: 'check-in.early' });

    const reservation = await manager.seats.reserve(await running('supermarket'));
    const checkedIn = await manager.seats.checkIn(reservation);
    expect(checkedIn.state).to.equal('checked-in');
    expect(checkedIn.checkedInAt).to.be.closeTo(Date.now(), 5_000);
    expect(await manager.seats.checkIn(reservation)).to.deep.equal(checkedIn);
  });

  it('of others can be neither given back nor taken', async () => {
    const reservation = await manager.seats.reserve(await plan());
    for (const attempt of [() => owner.seats.cancel(reservation), () => owner.seats.checkIn(reservation)]) {
      expect(await refused(attempt())).to.include({ status: 404, code: 'not-found' });
    }
  });

  it('that are mine come soonest first, each with its slot, without those given back', async () => {
    const executive = await PersonClient.signIn(servers[0]!.url, 'retail-executive');
    const [early, late, never] = [
      await plan('supermarket'),
      await plan('delivery'),
      await plan('fresh-food'),
    ];
    await executive.seats.reserve(late);
    await executive.seats.reserve(early);
    await executive.seats.cancel(await executive.seats.reserve(never));
    const { reservations } = await executive.seats.mine();
    expect(reservations.map(({ slot }) => slot.id)).to.deep.equal([early.id, late.id]);
    expect(reservations.map(({ slot }) => slot.taken)).to.deep.equal([1, 1]);
    expect(reservations.map(({ slot }) => slot.mine?.id)).to.deep.equal(reservations.map(({ id }) => id));
  });

  it('taken and given back are told to everyone on the line, at every instance, and to nobody else', async () => {
    const slot = await plan();
    const here = await owner.socket();
    const there = await owner.at(servers[1]!.url).socket();
    const elsewhere = await (await PersonClient.signIn(servers[1]!.url, 'delivery-director')).socket();
    try {
      const reservation = await manager.seats.reserve(slot);
      const told = (socket: typeof here) =>
        socket.seen(seatsEvents.slotChanged).filter(({ slotId }) => slotId === slot.id);
      for (const socket of [here, there]) {
        await eventually(() =>
          expect(told(socket).at(-1)).to.deep.equal({
            slotId: slot.id,
            lineId: 'supermarket',
            taken: 1,
            seats: 3,
          }),
        );
      }
      await manager.seats.cancel(reservation);
      for (const socket of [here, there]) {
        await eventually(() => expect(told(socket).at(-1)).to.include({ taken: 0 }));
      }
      expect(elsewhere.seen(seatsEvents.slotChanged)).to.deep.equal([]);
    } finally {
      for (const socket of [here, there, elsewhere]) socket.close();
    }
  });

  it('that do not exist are not found, and an id that is none is invalid', async () => {
    expect(await refused(manager.seats.show('slot_none'))).to.include({ status: 404, code: 'not-found' });
    expect(await refused(manager.seats.reserve({ id: 'slot_none' }))).to.include({ code: 'not-found' });
    expect(await refused(manager.seats.show('no spaces'))).to.include({
      status: 400,
      code: 'request.invalid',
    });
    const short = manager.api.call(seatsEndpoints.reserve, {
      params: { id: 'slot_none' },
      body: { idempotencyKey: 'short' },
    });
    expect(await refused(short)).to.include({ status: 400, code: 'request.invalid' });
  });
});
