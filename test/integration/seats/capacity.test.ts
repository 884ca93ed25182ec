import { expect } from 'chai';
import type { Reservation, Slot } from '#contract/seats.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { crowd, seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const people = 200;
const seats = 5;

describe('A rush on a slot', function () {
  this.timeout(60_000);
  let servers: ServerProcess[] = [];
  let host: PersonClient;
  let rushers: PersonClient[] = [];

  before(async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL, crowd(people, 'supermarket'));
    servers = await Promise.all([startServer(stores), startServer(stores)]);
    const url = servers[0]!.url;
    host = await PersonClient.signIn(url, 'host');
    rushers = await Promise.all(
      Array.from({ length: people }, (_, index) => PersonClient.signIn(url, `crowd-${index + 1}`)),
    );
  });
  after(() => Promise.all(servers.map((server) => server.stop())));

  const plan = (hoursAhead: number): Promise<Slot> => {
    const hour = 3_600_000;
    const startsAt = (Math.floor(Date.now() / hour) + hoursAhead) * hour;
    return host.seats.plan({ lineId: 'supermarket', startsAt, endsAt: startsAt + hour, seats });
  };

  const rush = async (slot: Slot, urls: string[]) => {
    const outcomes = await Promise.allSettled(
      rushers.map((person, index) => person.at(urls[index % urls.length] ?? '').seats.reserve(slot)),
    );
    const reservations = outcomes.flatMap((outcome): Reservation[] =>
      outcome.status === 'fulfilled' ? [outcome.value] : [],
    );
    const refusals = outcomes.flatMap((outcome): unknown[] =>
      outcome.status === 'rejected' ? [outcome.reason] : [],
    );
    expect(refusals.map((error) => (error instanceof ApiError ? error.code : String(error)))).to.deep.equal(
      Array(people - seats).fill('slot.full'),
    );
    expect(reservations.map(({ seat }) => seat).sort()).to.deep.equal([1, 2, 3, 4, 5]);
    expect(new Set(reservations.map(({ personId }) => personId)).size).to.equal(seats);
    expect((await host.seats.show(slot.id)).taken).to.equal(seats);
  };

  it('ends with exactly as many reservations as there are seats, on one server process', async () => {
    await rush(await plan(1), [servers[0]!.url]);
  });

  it('ends with exactly as many reservations as there are seats, on two server processes', async () => {
    await rush(
      await plan(2),
      servers.map((server) => server.url),
    );
  });

  it('gives a seat that was given back to the next one who asks, once', async () => {
    const slot = await plan(3);
    const [first, second, ...others] = rushers as [PersonClient, PersonClient, ...PersonClient[]];
    const holders = others.slice(0, seats - 1);
    const reservation = await first.seats.reserve(slot);
    for (const holder of holders) await holder.seats.reserve(slot);
    const full = await second.seats.reserve(slot).catch((error: ApiError) => error.code);
    expect(full).to.equal('slot.full');

    await first.seats.cancel(reservation);
    const waiting = [second, ...others.slice(seats - 1, seats + 29)];
    const outcomes = await Promise.allSettled(waiting.map((person) => person.seats.reserve(slot)));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).to.have.length(1);
  });

  it('gives one seat to a person who asks twenty times at once', async () => {
    const slot = await plan(4);
    const person = rushers[0]!;
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => person.seats.reserve(slot)));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).to.have.length(1);
    const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    expect(codes).to.deep.equal(Array(19).fill('reservation.exists'));
  });

  it('answers the same reservation to the same request sent twenty times at once to two processes', async () => {
    const slot = await plan(5);
    const person = rushers[0]!;
    const reservations = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        person.at(servers[index % 2]!.url).seats.reserve(slot, 'one-and-the-same-key'),
      ),
    );
    expect(new Set(reservations.map(({ id }) => id)).size).to.equal(1);
    expect((await host.seats.show(slot.id)).taken).to.equal(1);
  });

  it('lets one of many overlapping plans of a line win', async () => {
    const hour = 3_600_000;
    const startsAt = (Math.floor(Date.now() / hour) + 24) * hour;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, index) =>
        host
          .at(servers[index % 2]!.url)
          // Each starts five minutes after the one before: all share the last five minutes of the first.
          .seats.plan({
            lineId: 'delivery',
            startsAt: startsAt + index * 300_000,
            endsAt: startsAt + index * 300_000 + hour,
            seats: 2,
          }),
      ),
    );
    const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    expect(codes).to.deep.equal(Array(11).fill('slot.overlap'));
  });
});
