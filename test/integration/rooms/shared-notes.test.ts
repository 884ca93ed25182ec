import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from 'yjs';
import { notesTextName, notesUpdateMaxBytes, roomsEndpoints, roomsRequests } from '#contract/rooms.ts';
import type { Slot } from '#contract/seats.ts';
import { type Stack, type StackEnv, startStack } from '#scripts/embedded/stack.ts';
import { childEnv } from '#support/child-env.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { memoryStorage, RoomMate } from '#support/clients/room-mate.ts';
import { eventually } from '#support/eventually.ts';
import { upcomingSlots } from '#support/room-slots.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const refusal = (thrown: unknown) => (thrown instanceof ApiError ? thrown.code : String(thrown));
const soon = { within: 15_000 };

/** What one edit of a new copy would be sent as. */
const updateOf = (write: (doc: Doc) => void, doc = new Doc()): Uint8Array => {
  const before = encodeStateVector(doc);
  write(doc);
  return encodeStateAsUpdate(doc, before);
};
const typed = (words: string) => updateOf((doc) => doc.getText(notesTextName).insert(0, words));

describe('Shared notes', function () {
  this.timeout(90_000);
  let stores: StackEnv;
  let servers: ServerProcess[] = [];
  let host: PersonClient;
  let manager: PersonClient;
  let nextSlot: () => Promise<Slot>;
  let slot: Slot;
  let mates: RoomMate[] = [];

  const mateOf = (person: PersonClient, server = servers[0]!, storage = memoryStorage()) => {
    const mate = new RoomMate(person.at(server.url), slot.id, storage);
    mates.push(mate);
    return mate;
  };
  const saved = (...who: RoomMate[]) =>
    eventually(() => {
      for (const { notes } of who) expect(notes.snapshot().phase).to.equal('saved');
    }, soon);
  const alike = (...who: RoomMate[]) =>
    eventually(() => expect(new Set(who.map(({ text }) => text)).size).to.equal(1), soon);
  const record = (person: PersonClient) =>
    person.api.call(roomsEndpoints.record, { params: { id: slot.id } });

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    servers = await Promise.all([startServer(stores), startServer(stores)]);
    host = await PersonClient.signIn(servers[0]!.url, 'host');
    manager = await PersonClient.signIn(servers[0]!.url, 'retail-executive');
    nextSlot = upcomingSlots(host);
  });
  beforeEach(async () => {
    slot = await nextSlot();
    await manager.seats.checkIn(await manager.seats.reserve(slot));
  });
  afterEach(() => {
    for (const mate of mates) mate.vanish();
    mates = [];
  });
  after(() => Promise.all(servers.map((server) => server.stop())));

  it('are the same for two people at two servers who write at the same place at once', async () => {
    const [one, two] = [mateOf(manager), mateOf(host, servers[1])];
    await saved(one, two);
    one.write('客户：尿布小了。');
    await eventually(() => expect(two.text).to.equal('客户：尿布小了。'), soon);
    expect(two.notes.snapshot().writers).to.deep.equal([
      { personId: 'retail-executive', name: manager.person.name },
    ]);
    one.write('one', 3);
    two.write('两', 3);
    await saved(one, two);
    await alike(one, two);
    expect([...one.text].sort()).to.deep.equal([...'客户：尿布小了。one两'].sort());
    const { notes, authors } = await record(manager);
    expect(notes).to.equal(one.text);
    expect(authors.map(({ personId }) => personId)).to.have.members(['retail-executive', 'host']);
  });

  it('keep what was written without a connection, on both sides of it', async () => {
    const [one, two] = [mateOf(manager), mateOf(host, servers[1])];
    await saved(one, two);
    one.write('before ');
    await eventually(() => expect(two.text).to.equal('before '), soon);
    one.realtime.cut();
    for (const letter of '离线时写的') one.write(letter);
    two.write('(host) ', 0);
    await saved(two);
    expect(one.notes.snapshot()).to.include({ phase: 'offline', kept: true });
    one.realtime.mend();
    await saved(one, two);
    await alike(one, two);
    expect(one.text).to.equal('(host) before 离线时写的');
  });

  it('keep what was written over a page that is gone before it could be sent', async () => {
    const storage = memoryStorage();
    const [one, two] = [mateOf(manager, servers[0], storage), mateOf(host, servers[1])];
    await saved(one, two);
    one.realtime.cut();
    one.write('typed, then the battery was empty');
    one.vanish();
    const again = mateOf(manager, servers[1], storage);
    await saved(again);
    await alike(again, two);
    expect(two.text).to.equal('typed, then the battery was empty');
    // And only once, however many windows look.
    await saved(mateOf(manager, servers[0], storage));
    expect((await record(manager)).notes).to.equal('typed, then the battery was empty');
  });

  it('lose nothing when the server is killed before, or after, it stored what it has not acknowledged', async () => {
    const doomed = await startServer(stores);
    const other = mateOf(host, servers[1]);
    const storage = memoryStorage();
    const one = mateOf(manager, doomed, storage);
    await saved(one, other);
    // Stored, but nobody hears of it.
    one.realtime.lose(roomsRequests.pushNotes, { after: () => doomed.kill() });
    one.write('stored but not acknowledged. ');
    await eventually(() => expect(one.realtime.connection).to.equal('reconnecting'), soon);
    one.write('到不了。');
    expect(one.notes.snapshot().phase).to.equal('offline');

    // The same port, as a process manager would.
    const back = await startServer(stores, { PORT: String(doomed.port) });
    servers.push(back);
    await saved(one, other);
    await alike(one, other);
    expect(one.text).to.equal('stored but not acknowledged. 到不了。');

    // Frozen, so that what is sent is never handled, then killed.
    one.realtime.lose(roomsRequests.pushNotes, {
      before: () => {
        process.kill(back.pid, 'SIGSTOP');
        setTimeout(() => back.kill(), 100);
      },
    });
    one.write(' 第三句');
    await eventually(() => expect(one.realtime.connection).to.equal('reconnecting'), soon);
    one.vanish();
    // The window is gone, too. The next one of the same person carries it over, at another server.
    const again = mateOf(manager, servers[1], storage);
    await saved(again);
    await alike(again, other);
    expect(other.text).to.equal('stored but not acknowledged. 到不了。 第三句');
    servers = servers.filter((server) => server !== back);
  });

  it('are merged into a snapshot now and then, without anybody noticing', async () => {
    // Two people, so that neither is told to slow down.
    const sockets = await Promise.all([manager.socket(), host.at(servers[1]!.url).socket()]);
    await Promise.all(
      sockets.map(async (socket) => {
        const doc = new Doc();
        for (let count = 0; count < 36; count++) {
          const update = updateOf(() => doc.getText(notesTextName).insert(0, '字'), doc);
          await socket.request(roomsRequests.pushNotes, { slotId: slot.id, update });
        }
      }),
    );
    for (const socket of sockets) socket.close();
    const mongo = await MongoClient.connect(stores.MONGODB_URL);
    try {
      const left = await mongo.db().collection('note_updates').countDocuments({ slotId: slot.id });
      expect(left).to.be.lessThan(64);
      expect(
        await mongo
          .db()
          .collection('notes')
          .countDocuments({ _id: slot.id as never }),
      ).to.equal(1);
    } finally {
      await mongo.close();
    }
    const two = mateOf(host, servers[1]);
    await saved(two);
    expect(two.text).to.equal('字'.repeat(72));
  });

  it('take nothing that is not a change to their text, nor in somebody else’s name', async () => {
    const socket = await manager.socket();
    const push = (update: unknown) =>
      socket
        .request(roomsRequests.pushNotes, { slotId: slot.id, update: update as Uint8Array })
        .then(() => 'taken', refusal);
    try {
      expect(await push(Uint8Array.of(1, 2, 3))).to.equal('notes.update');
      expect(await push('words')).to.equal('request.invalid');
      expect(await push(new Uint8Array(notesUpdateMaxBytes + 1))).to.equal('request.invalid');
      expect(await push(updateOf((doc) => doc.getMap('other').set('a', 1)))).to.equal('notes.update');
      expect(await push(typed('字'.repeat(25_000)))).to.equal('notes.full');

      const hosts = new Doc();
      const theirs = updateOf((doc) => doc.getText(notesTextName).insert(0, 'said by the host'), hosts);
      const hostSocket = await host.socket();
      await hostSocket.request(roomsRequests.pushNotes, { slotId: slot.id, update: theirs });
      hostSocket.close();
      // The next change of the host's own copy, made by another.
      const forged = updateOf((doc) => doc.getText(notesTextName).insert(0, 'not '), hosts);
      expect(await push(forged)).to.equal('notes.update');
      expect(await push(typed('mine. '))).to.equal('taken');
      const { notes } = await record(manager);
      expect(notes).to.include('said by the host').and.to.include('mine. ').and.not.to.include('not ');
    } finally {
      socket.close();
    }
  });

  it('slow down who sends too much', async () => {
    const socket = await manager.socket();
    const answers = await Promise.all(
      Array.from({ length: 55 }, () =>
        socket
          .request(roomsRequests.pushNotes, { slotId: slot.id, update: typed('x') })
          .then(() => 'taken', refusal),
      ),
    );
    socket.close();
    expect(new Set(answers)).to.deep.equal(new Set(['taken', 'rate.limited']));
    expect((await record(manager)).notes.length).to.equal(answers.filter((one) => one === 'taken').length);
  });

  it('open to those in the room, to be read to the CX team, and to nobody else', async () => {
    const one = mateOf(manager);
    one.write('for us');
    await saved(one);
    const stateVector = encodeStateVector(new Doc());
    const open = async (personaId: string) => {
      const person = await PersonClient.signIn(servers[1]!.url, personaId);
      const socket = await person.socket();
      const answer = await socket
        .request(roomsRequests.openNotes, { slotId: slot.id, stateVector })
        .then(({ update, mayWrite }) => {
          const doc = new Doc();
          applyUpdate(doc, update);
          return `${doc.getText(notesTextName).toString()}, ${mayWrite ? 'to write' : 'to read'}`;
        }, refusal);
      const push = await socket
        .request(roomsRequests.pushNotes, { slotId: slot.id, update: typed('x') })
        .then(() => 'taken', refusal);
      socket.close();
      const read = await record(person).then(
        ({ notes, messages }) => `${notes}, ${messages === null ? 'no messages' : 'messages'}`,
        refusal,
      );
      return { answer, push, read };
    };
    expect(await open('cx')).to.deep.equal({
      answer: 'for us, to read',
      push: 'ability.denied',
      read: 'for us, no messages',
    });
    expect((await open('host')).answer).to.equal('for us, to write');
    for (const stranger of ['admin', 'agent-1', 'agent-2']) {
      const refused = await open(stranger);
      for (const code of Object.values(refused)) expect(code, stranger).to.match(/denied|required/);
    }
  });
});

describe('Shared notes, while a store is away', function () {
  this.timeout(90_000);
  let dataDir: string;
  let stack: Stack;
  let server: ServerProcess;
  let host: PersonClient;
  let nextSlot: () => Promise<Slot>;

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'cloud-listening-notes-'));
    // Stores of one's own: they are to be taken away.
    stack = await startStack({ dataDir, env: childEnv() });
    await seedCompany(stack.env.MONGODB_URL);
    server = await startServer(stack.env);
    host = await PersonClient.signIn(server.url, 'host');
    nextSlot = upcomingSlots(host);
  });
  after(async () => {
    await server?.stop();
    await stack?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const processOf = (name: string) => {
    const found = stack.services.find((service) => service.name === name)?.process;
    if (!found) throw new Error(`${name} is not a process of this stack`);
    return found;
  };

  it('say so, keep what is written, and store it when the database is back', async () => {
    const slot = await nextSlot();
    const mate = new RoomMate(host, slot.id);
    try {
      await eventually(() => expect(mate.notes.snapshot().phase).to.equal('saved'), soon);
      const mongo = processOf('mongodb');
      await mongo.stop();
      mate.write('写在没有数据库的时候');
      await eventually(() => {
        const { phase, error, unsent, kept } = mate.notes.snapshot();
        expect({ phase, unsent, kept }).to.deep.equal({ phase: 'offline', unsent: true, kept: true });
        expect(error?.code).to.be.oneOf(['store.unavailable', 'client.timeout']);
      }, soon);
      await mongo.start();
      await eventually(() => expect(mate.notes.snapshot().phase).to.equal('saved'), { within: 30_000 });
      const { notes } = await host.api.call(roomsEndpoints.record, { params: { id: slot.id } });
      expect(notes).to.equal('写在没有数据库的时候');
    } finally {
      mate.vanish();
    }
  });

  it('go on among those at one server without Redis', async () => {
    const cx = await PersonClient.signIn(server.url, 'cx');
    const slot = await nextSlot();
    await cx.seats.checkIn(await cx.seats.reserve(slot));
    const mates = [host, cx].map((person) => new RoomMate(person, slot.id));
    const [one, two] = mates as [RoomMate, RoomMate];
    try {
      await eventually(() => {
        for (const { notes, link } of mates) {
          expect(notes.snapshot().phase).to.equal('saved');
          expect(link.snapshot().entered).to.equal(true);
        }
      }, soon);
      await processOf('redis').stop();
      one.write('没有 Redis 也能写');
      one.link.send('still here');
      await eventually(() => {
        expect(two.text).to.equal('没有 Redis 也能写');
        expect(two.said).to.deep.equal(['still here']);
        expect(one.notes.snapshot().phase).to.equal('saved');
      }, soon);
      await one.link.raise();
      expect(one.link.snapshot().error?.code).to.be.oneOf(['store.unavailable', 'client.timeout']);
      await processOf('redis').start();
    } finally {
      for (const mate of mates) mate.vanish();
    }
  });
});
