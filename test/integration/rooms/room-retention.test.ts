import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { type HoldScope, retentionEndpoints } from '#contract/retention.ts';
import { roomsEndpoints } from '#contract/rooms.ts';
import type { Slot } from '#contract/seats.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomMate } from '#support/clients/room-mate.ts';
import { eventually } from '#support/eventually.ts';
import { upcomingSlots } from '#support/room-slots.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const dayMs = 24 * 3_600_000;
const soon = { within: 15_000 };

describe('What a room wrote', function () {
  this.timeout(60_000);
  let stores: StackEnv;
  let server: ServerProcess;
  let mongo: MongoClient;
  let host: PersonClient;
  let cx: PersonClient;
  let admin: PersonClient;
  const slots: Record<'old' | 'held' | 'lately', Slot> = {} as never;

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    mongo = await MongoClient.connect(stores.MONGODB_URL);
    server = await startServer(stores);
    [host, cx, admin] = (await Promise.all(
      ['host', 'cx', 'admin'].map((id) => PersonClient.signIn(server.url, id)),
    )) as [PersonClient, PersonClient, PersonClient];
    const nextSlot = upcomingSlots(host);
    for (const name of ['old', 'held', 'lately'] as const) {
      const slot = await nextSlot();
      slots[name] = slot;
      const mate = new RoomMate(host, slot.id);
      await eventually(() => expect(mate.link.snapshot().entered).to.equal(true), soon);
      mate.write(`notes of ${name}`);
      mate.link.send(`message of ${name}`);
      await eventually(async () => {
        const { notes, messages } = await record(name);
        expect(notes).to.equal(`notes of ${name}`);
        expect(messages).to.have.length(1);
      }, soon);
      await mate.leave();
    }
  });
  after(async () => {
    await mongo?.close();
    await server?.stop();
  });

  const record = (name: keyof typeof slots, who = host) =>
    who.api.call(roomsEndpoints.record, { params: { id: slots[name].id } });
  /** As if the slot had ended then. */
  const endedAgo = async (name: keyof typeof slots, days: number) => {
    const endsAt = Date.now() - days * dayMs;
    await mongo
      .db()
      .collection<{ _id: string }>('slots')
      .updateOne({ _id: slots[name].id }, { $set: { startsAt: endsAt - 3_600_000, endsAt } });
    return { from: endsAt - dayMs, to: endsAt + dayMs };
  };
  const hold = (scope: HoldScope) =>
    cx.api.call(retentionEndpoints.placeHold, { body: { scope, reason: 'court case 12' } });
  const kept = async () => {
    const rows: Record<string, string[]> = {};
    for (const name of ['room_messages', 'room_moves', 'note_updates', 'note_copies', 'notes']) {
      const found = await mongo.db().collection<{ _id: string; slotId?: string }>(name).find().toArray();
      rows[name] = [...new Set(found.map(({ _id, slotId }) => slotId ?? _id))];
    }
    return rows;
  };
  const restarted = async () => {
    await server.stop();
    server = await startServer(stores, { PORT: String(server.port) });
  };

  it('goes when ordinary calls of its line would, and is kept until then, or as long as a hold keeps it', async () => {
    await endedAgo('old', 181);
    await endedAgo('lately', 179);
    const { from, to } = await endedAgo('held', 250);
    const placed = await hold({ lineId: slots.held.lineId, from, to });
    await restarted();
    // The last thing that is done with a room that is cleared.
    await eventually(async () => {
      const { events } = await cx.api.call(retentionEndpoints.events, { query: {} });
      const told = events.filter(({ action }) => action === 'room-cleared');
      expect(told.map(({ before }) => before)).to.deep.equal([
        { slotId: slots.old.id, lineId: slots.old.lineId, messages: 1, notes: true },
      ]);
    }, soon);
    await eventually(
      async () => expect((await record('old')).clearedAt).to.be.closeTo(Date.now(), 60_000),
      soon,
    );
    expect(await record('old')).to.deep.include({ notes: '', authors: [], messages: [] });
    expect((await record('old', cx)).clearedAt, 'the CX team is told, too').to.be.a('number');
    for (const [table, slotIds] of Object.entries(await kept())) {
      expect(slotIds, table).to.not.include(slots.old.id);
    }
    for (const name of ['held', 'lately'] as const) {
      const { notes, messages, clearedAt } = await record(name);
      expect({ notes, said: messages?.map(({ text }) => text), clearedAt }).to.deep.equal({
        ...{ notes: `notes of ${name}`, said: [`message of ${name}`], clearedAt: null },
      });
    }

    await cx.api.call(retentionEndpoints.releaseHold, {
      params: { id: placed.hold.id },
      body: { reason: 'The case is closed.' },
    });
    // Their line keeps what others delete after half a year.
    const rule = { lineId: slots.lately.lineId, recordingClass: null, floorDays: 0, ceilingDays: 200 };
    await admin.api.call(retentionEndpoints.savePolicy, { body: { rule, reason: 'as agreed' } });
    await endedAgo('lately', 199);
    await restarted();
    await eventually(async () => expect((await record('held')).clearedAt).to.be.a('number'), soon);
    expect((await record('lately')).notes).to.equal('notes of lately');
  });
});
