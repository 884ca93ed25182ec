import { expect } from 'chai';
import { createNotesService } from '#domains/rooms/notes.service.ts';
import { createNotesStore } from '#domains/rooms/notes.store.ts';
import { createRoomsStore } from '#domains/rooms/rooms.store.ts';
import type { RoomsEvents } from '#domains/rooms/rooms.ts';
import { createLog } from '#kernel/log.ts';
import { connectMongo, type MongoConnection } from '#kernel/mongo.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import { seedRooms } from '#scripts/demo-data/past-rooms.ts';
import { demoVisits, slotId } from '#scripts/demo-data/slots.ts';
import { freshStores } from '#support/stack.ts';

describe('The demo’s past rooms', function () {
  this.timeout(30_000);
  const log = createLog('test', 'error');
  let mongo: MongoConnection;

  before(async () => {
    mongo = await connectMongo((await freshStores()).MONGODB_URL, log);
  });
  after(() => mongo?.close());

  it('hold notes and messages once, however often they are seeded', async () => {
    const now = Date.now();
    await seedRooms(mongo, now);
    await mongo.deleteModel(/.*/);
    await seedRooms(mongo, now);
    await mongo.deleteModel(/.*/);
    const visit = demoVisits(now).attended.find(({ personId }) => personId === 'supermarket-manager');
    expect(visit, 'somebody was there').to.not.equal(undefined);
    const room = slotId(visit!.lineId, visit!.startsAt);
    const notes = createNotesService({
      store: await createNotesStore(mongo),
      slotFor: () => Promise.reject(new Error('nobody asks')),
      events: new TypedEvents<RoomsEvents>(() => undefined),
      clock: () => now,
      log,
    });
    const { text, authors } = await notes.textOf(room);
    expect(text.match(/尿布/g)).to.have.length(1);
    expect(authors.map(({ personId }) => personId)).to.deep.equal(['supermarket-manager']);
    const said = await (await createRoomsStore(mongo)).messagesBefore(room, Number.MAX_SAFE_INTEGER, 10);
    expect(said.map(({ number }) => number)).to.deep.equal([1, 2, 3]);
  });
});
