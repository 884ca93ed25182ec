import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { bookmarkEvents, bookmarkRequests } from '#contract/bookmarks.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import type { ApiError } from '#support/clients/api-client.ts';
import { marks } from '#support/clients/moments-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { eventually } from '#support/eventually.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { crowd, seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const codeOf = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'done',
    ({ code }: ApiError) => code,
  );

describe('Marks of a live call', function () {
  this.timeout(60_000);
  let stores: StackEnv;
  let server: ServerProcess;
  let telephony: TelephonyClient;
  let people: Record<'maker' | 'beside' | 'outside' | 'host' | 'cx' | 'agent' | 'stranger', PersonClient>;
  let slotId: string;
  let callId: string;
  let rooms: RoomClient[] = [];
  const sendings: Sending[] = [];

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL, crowd(3, 'supermarket'));
    server = await startServer(stores);
    telephony = new TelephonyClient(server.url, testTelephonyKey);
    const who = {
      ...{
        maker: 'crowd-1',
        beside: 'crowd-2',
        outside: 'crowd-3',
        host: 'host',
        cx: 'cx',
        agent: 'agent-1',
      },
      stranger: 'delivery-director',
    };
    const signedIn = await Promise.all(
      Object.entries(who).map(
        async ([name, id]) => [name, await PersonClient.signIn(server.url, id)] as const,
      ),
    );
    people = Object.fromEntries(signedIn) as typeof people;
    const startsAt = Math.floor(Date.now() / 300_000) * 300_000;
    const plan = { lineId: 'supermarket', startsAt, endsAt: startsAt + 3_600_000, seats: 5 };
    slotId = (await people.host.seats.plan(plan)).id;
    for (const one of [people.maker, people.beside]) {
      await one.seats.checkIn(await one.seats.reserve({ id: slotId }));
    }
    const call = await telephony.open({ lineId: 'supermarket', agentId: 'agent-1' });
    callId = call.callId;
    sendings.push(...call.legs.map((leg) => sendTone({ to: leg, hz: 440, seconds: 120 })));
    await eventually(async () => {
      const { startedAt: began } = await telephony.show(callId);
      expect(Date.now() - (began ?? Date.now()), 'there is something to mark').to.be.above(1_000);
    });
  });
  afterEach(() => {
    for (const room of rooms) room.close();
    rooms = [];
  });
  after(async () => {
    await Promise.all(sendings.map((sending) => sending.stop()));
    await server?.stop();
  });

  const room = async (person: PersonClient) => {
    const one = await RoomClient.open(person, slotId);
    rooms.push(one);
    await one.enter();
    return one.socket;
  };
  const startedAt = async () => (await telephony.show(callId)).startedAt!;

  it('are kept once, however often they are sent, and changed by their maker alone', async () => {
    const maker = marks(people.maker);
    const key = randomUUID();
    const wish = { callId, slotId, offsetMs: 500, idempotencyKey: key };
    const made = await Promise.all([maker.mark(wish), maker.mark(wish), maker.mark(wish)]);
    expect(new Set(made.map(({ id }) => id)).size).to.equal(1);
    const [mark] = made;
    expect(mark).to.deep.include({ callId, slotId, offsetMs: 500, note: '', remedy: null, revision: 1 });
    expect(mark!.by.id).to.equal('crowd-1');
    expect(await codeOf(maker.mark({ ...wish, offsetMs: 501 }))).to.equal('idempotency.reused');

    const remedy = { kind: 'replaced', text: 'the next size, free' } as const;
    const edited = await maker.edit(mark!.id, { revision: 1, note: ' outgrown ', remedy });
    expect(edited).to.deep.include({ note: 'outgrown', remedy, revision: 2 });
    expect(await codeOf(maker.edit(mark!.id, { revision: 1, note: 'late' }))).to.equal('bookmark.changed');
    expect(await codeOf(marks(people.host).edit(mark!.id, { revision: 2, note: 'x' }))).to.equal('not-found');
    // The command sent once more answers the mark as it is now.
    expect((await maker.mark(wish)).revision).to.equal(2);

    expect(await codeOf(maker.remove(mark!.id, 1))).to.equal('bookmark.changed');
    await maker.remove(mark!.id, 2);
    await maker.remove(mark!.id, 2);
    expect(await maker.list({ callId })).to.deep.equal([]);
  });

  it('of two changes at once one is told so', async () => {
    const maker = marks(people.maker);
    const { id } = await maker.mark({ callId, offsetMs: 100 });
    const codes = await Promise.all(
      ['a', 'b', 'c', 'd'].map((note) => codeOf(maker.edit(id, { revision: 1, note }))),
    );
    expect(codes.filter((code) => code === 'done')).to.have.length(1);
    expect(codes.filter((code) => code === 'bookmark.changed')).to.have.length(3);
    await maker.remove(id, 2);
  });

  it('reach those at once who may see them, and nobody else', async () => {
    const { maker, beside, host, cx } = people;
    const [own, neighbour, hosts] = await Promise.all([maker, beside, host].map(room));
    const ofCx = await cx.socket();
    const seen = (socket: typeof own) =>
      socket!.seen(bookmarkEvents.changed).map(({ bookmark: { note } }) => note);
    await marks(maker).mark({ callId, slotId, offsetMs: 200, note: 'mine', visibility: 'private' });
    await marks(maker).mark({ callId, slotId, offsetMs: 300, note: 'ours', visibility: 'room' });
    const { id } = await marks(maker).mark({
      ...{ callId, slotId, offsetMs: 400, note: 'all', visibility: 'programme' },
    });
    await eventually(() => {
      expect(new Set(seen(own))).to.deep.equal(new Set(['mine', 'ours', 'all']));
      expect(seen(neighbour)).to.deep.equal(['ours']);
      expect(new Set(seen(hosts))).to.deep.equal(new Set(['ours', 'all']));
    });
    expect(seen(ofCx), 'who is in no room hears of none').to.deep.equal([]);
    ofCx.close();

    const notes = async (person: PersonClient, query = { callId } as object) =>
      (await marks(person).list(query)).map(({ note }) => note);
    expect(await notes(maker)).to.deep.equal(['mine', 'ours', 'all']);
    expect(await notes(beside)).to.deep.equal(['ours']);
    expect(await notes(people.outside)).to.deep.equal([]);
    expect(await notes(host)).to.deep.equal(['ours', 'all']);
    expect(await notes(cx)).to.deep.equal(['all']);
    expect(await notes(beside, { slotId })).to.deep.equal(['ours']);
    expect(await notes(beside, {})).to.deep.equal([]);
    expect(await notes(maker, { mine: 'true' })).to.deep.equal(['all', 'ours', 'mine']);
    expect(await codeOf(marks(people.stranger).list({ callId }))).to.equal('scope.denied');
    expect(await codeOf(marks(people.agent).list({ callId }))).to.equal('ability.denied');

    // Kept to oneself after all: the others lose sight of it.
    await marks(maker).edit(id, { revision: 1, visibility: 'private' });
    await eventually(() =>
      expect(hosts!.seen(bookmarkEvents.removed).map((gone) => gone.id)).to.deep.equal([id]),
    );
    expect(await notes(cx)).to.deep.equal([]);
  });

  it('are refused beyond one’s scope, one’s seat and the call', async () => {
    const mark = { callId, offsetMs: 100 };
    expect(await codeOf(marks(people.stranger).mark(mark))).to.equal('scope.denied');
    expect(await codeOf(marks(people.agent).mark(mark))).to.equal('ability.denied');
    const { outside, host, maker } = people;
    expect(await codeOf(marks(outside).mark({ ...mark, slotId }))).to.equal('seat.required');
    expect(await codeOf(marks(outside).mark({ ...mark, visibility: 'room' }))).to.equal('request.invalid');
    expect(await codeOf(marks(outside).mark(mark))).to.equal('done');
    expect(await codeOf(marks(host).mark({ ...mark, slotId, visibility: 'room' }))).to.equal('done');
    expect(await codeOf(marks(maker).mark({ ...mark, callId: 'call_unknown' }))).to.equal('not-found');
    expect(await codeOf(marks(maker).mark({ ...mark, offsetMs: 3_600_000 }))).to.equal('request.invalid');
    // A clock that is a little ahead is none: then it is the moment that was live.
    const ahead = Date.now() - (await startedAt()) + 3_000;
    const { offsetMs } = await marks(maker).mark({ ...mark, offsetMs: ahead });
    expect(offsetMs).to.be.within(ahead - 3_500, ahead);
  });

  it('are set by the server’s clock, which is there to be asked', async () => {
    const socket = await people.maker.socket();
    const askedAt = Date.now();
    const { now } = await socket.request(bookmarkRequests.clock, {});
    expect(now).to.be.within(askedAt, Date.now());
    socket.close();
  });

  it('survive the server’s death, and the same command sent again afterwards', async () => {
    const key = randomUUID();
    const wish = { callId, slotId, offsetMs: 700, note: 'before it died', idempotencyKey: key };
    const made = await marks(people.maker).mark(wish);
    server.kill();
    server = await startServer(stores);
    const again = people.maker.at(server.url);
    expect(await marks(again).mark(wish)).to.deep.equal(made);
    expect((await marks(again).list({ callId })).filter(({ id }) => id === made.id)).to.have.length(1);
  });
});
