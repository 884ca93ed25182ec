import { expect } from 'chai';
import { type FollowMode, type FollowState, followEvents, followRequests } from '#contract/follow.ts';
import { listeningEvents } from '#contract/listening.ts';
import type { Slot } from '#contract/seats.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { eventually } from '#support/eventually.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { crowd, seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const refusal = (thrown: unknown) => (thrown instanceof ApiError ? thrown.code : String(thrown));

describe('Following calls', function () {
  this.timeout(60_000);
  let stores: StackEnv;
  let server: ServerProcess;
  let host: PersonClient;
  let slot: Slot;
  const servers: ServerProcess[] = [];
  let rooms: RoomClient[] = [];
  let sendings: Sending[] = [];
  let openCalls: (() => Promise<unknown>)[] = [];

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL, crowd(5, 'supermarket'));
    server = await startServer(stores);
    servers.push(server);
    host = await PersonClient.signIn(server.url, 'host');
    slot = await plan('supermarket');
  });
  afterEach(async () => {
    for (const room of rooms) {
      if (room.socket.connected)
        await room.socket.request(followRequests.unfollow, { slotId: room.slotId }).catch(() => undefined);
      room.close();
    }
    await Promise.all(openCalls.map((end) => end().catch(() => undefined)));
    await Promise.all(sendings.map((sending) => sending.stop()));
    rooms = [];
    sendings = [];
    openCalls = [];
  });
  after(() => Promise.all(servers.map((one) => one.stop())));

  const plan = (lineId: string) => {
    const startsAt = Math.floor(Date.now() / 300_000) * 300_000;
    return host.seats.plan({ lineId, startsAt, endsAt: startsAt + 3_600_000, seats: 10 });
  };

  /** In the room with a checked-in seat. */
  const comeIn = async (personId: string, into = slot, at = server): Promise<RoomClient> => {
    const person = await PersonClient.signIn(at.url, personId);
    const seat = await person.seats.reserve(into).catch((error: unknown) => {
      if (refusal(error) !== 'reservation.exists') throw error;
      return null;
    });
    if (seat) await person.seats.checkIn(seat);
    const room = await RoomClient.open(person, into.id);
    rooms.push(room);
    await room.enter();
    return room;
  };
  const follow = (room: RoomClient, mode: FollowMode, more: { callId?: string; scenarioId?: string } = {}) =>
    room.socket.request(followRequests.follow, { slotId: room.slotId, mode, ...more });
  const offered = (room: RoomClient) => room.socket.seen(followEvents.offered);
  const state = (room: RoomClient): FollowState | undefined => room.socket.seen(followEvents.changed).at(-1);
  const offeredCall = (room: RoomClient, callId: string) =>
    eventually(() => expect(offered(room).at(-1)?.callId).to.equal(callId));

  /** A call that is heard by the server: 440 Hz for the agent, 880 Hz for the customer. */
  const ring = async (lineId: string, facts: { scenarioId?: string } = {}, at = server) => {
    const telephony = new TelephonyClient(at.url, testTelephonyKey);
    const call = await telephony.open({ lineId, agentId: 'agent-1', facts });
    for (const leg of call.legs)
      sendings.push(sendTone({ to: leg, hz: leg.role === 'agent' ? 440 : 880, seconds: 60 }));
    await eventually(async () => expect((await telephony.show(call.callId)).state).to.equal('live'));
    const end = () => telephony.end(call.callId);
    openCalls.push(end);
    return { ...call, end };
  };
  const legOf = (call: { legs: { role: string; legId: string }[] }, role: string) =>
    call.legs.find((leg) => leg.role === role)!.legId;

  it('gives listeners of different businesses different calls, and each the next one at its end', async () => {
    const food = await comeIn('supermarket-manager');
    const tech = await comeIn('electronics-manager', await plan('electronics'));
    expect(await follow(food, 'line')).to.deep.include({ phase: 'waiting', mode: 'line', before: 0 });
    await follow(tech, 'surprise');
    const [nappies, phone] = await Promise.all([
      ring('supermarket', { scenarioId: 'wrong-size' }),
      ring('electronics'),
    ]);
    await Promise.all([offeredCall(food, nappies.callId), offeredCall(tech, phone.callId)]);
    const why = offered(food).at(-1)?.why ?? [];
    expect(why.map(({ criterion }) => criterion)).to.include.members(['waited', 'only']);
    expect(why.find(({ criterion }) => criterion === 'new-scenario')).to.deep.include({
      scenarioId: 'wrong-size',
    });

    const { ears } = await food.listen(nappies.callId);
    await tech.listen(phone.callId);
    await eventually(() => expect(ears.frequencyOf(legOf(nappies, 'customer'))).to.equal(880));
    await eventually(() => expect(state(food)?.phase).to.equal('hearing'));

    // The next one is in view before the first is over; nobody is moved to it.
    const second = await ring('supermarket');
    await eventually(() => expect(state(food)?.next?.call.id).to.equal(second.callId));
    expect(offered(food)).to.have.length(1);
    await nappies.end();
    await offeredCall(food, second.callId);
    await second.end();
    await phone.end();
    await eventually(() => expect(state(tech)).to.deep.include({ phase: 'waiting', live: 0 }));
    expect(offered(tech)).to.have.length(1);
  });

  it('refuses what lies outside the scope or the role, by codes, and offers nothing for it', async () => {
    const room = await comeIn('supermarket-manager');
    const foreign = await ring('electronics');
    const code = (mode: FollowMode, callId?: string) =>
      follow(room, mode, callId ? { callId } : {}).catch(refusal);
    expect(await code('chosen', foreign.callId)).to.equal('scope.denied');
    expect(await room.ask(foreign.callId).catch(refusal)).to.equal('scope.denied');
    expect(await code('chosen', 'call_that_is_not')).to.equal('not-found');
    expect(await code('chosen')).to.equal('request.invalid');
    expect(await code('line', foreign.callId)).to.equal('request.invalid');
    const worker = await comeIn('crowd-1');
    expect(await follow(worker, 'business').catch(refusal)).to.equal('scope.denied');
    const stranger = await RoomClient.open(
      await PersonClient.signIn(server.url, 'electronics-manager'),
      slot.id,
    );
    rooms.push(stranger);
    expect(await follow(stranger, 'line').catch(refusal)).to.equal('scope.denied');
    const seatless = await RoomClient.open(await PersonClient.signIn(server.url, 'cx'), slot.id);
    rooms.push(seatless);
    expect(await follow(seatless, 'business').catch(refusal)).to.equal('seat.required');
    const agent = await RoomClient.open(await PersonClient.signIn(server.url, 'agent-1'), slot.id);
    rooms.push(agent);
    expect(await follow(agent, 'line').catch(refusal)).to.equal('ability.denied');
    for (const one of rooms) expect(offered(one)).to.deep.equal([]);
  });

  it('lets owners of several lines hear them all from one seat, and only them', async () => {
    const room = await comeIn('retail-executive');
    const { person } = await PersonClient.signIn(server.url, 'retail-executive');
    const other = person.lineIds.find((lineId) => lineId !== 'supermarket');
    expect(other, 'the executive owns more than one line').to.be.a('string');
    expect(await follow(room, 'business')).to.deep.include({ across: true });
    const call = await ring(other!);
    await offeredCall(room, call.callId);
    expect(offered(room).at(-1)?.why).to.deep.include({ criterion: 'other-line', lineId: other });
    const { ears } = await room.listen(call.callId);
    await eventually(() => expect(ears.frequencyOf(legOf(call, 'agent'))).to.equal(440));
    const line = await follow(room, 'line');
    expect(line.phase).to.equal('hearing');
  });

  it('lets a crowd of those who roam not fall on one call: who waited longest comes first', async () => {
    const names = ['crowd-1', 'crowd-2', 'crowd-3', 'crowd-4'];
    const seats: RoomClient[] = [];
    for (const name of names) {
      const room = await comeIn(name);
      await follow(room, 'surprise');
      seats.push(room);
    }
    await eventually(() => expect(seats.map((room) => state(room)?.before)).to.deep.equal([0, 1, 2, 3]));
    const first = await ring('supermarket');
    await Promise.all(seats.slice(0, 3).map((room) => offeredCall(room, first.callId)));
    await eventually(() => expect(state(seats[3]!)).to.deep.include({ live: 1, barred: 'full', before: 0 }));
    await Promise.all(seats.slice(0, 3).map((room) => room.ask(first.callId)));
    const second = await ring('supermarket');
    await offeredCall(seats[3]!, second.callId);
    expect(seats.slice(0, 3).map((room) => offered(room).length)).to.deep.equal([1, 1, 1]);
  });

  it('gives nobody a call that is paused, and tells why they wait', async () => {
    const call = await ring('supermarket');
    const telephony = new TelephonyClient(server.url, testTelephonyKey);
    await telephony.pause(call.callId);
    await eventually(
      async () => {
        const { pause } = await telephony.show(call.callId);
        expect(Date.now() - (pause?.since ?? Date.now())).to.be.above(5_000);
      },
      { within: 10_000, every: 200 },
    );
    const room = await comeIn('supermarket-manager');
    await follow(room, 'line');
    await eventually(() =>
      expect(state(room)).to.deep.include({ phase: 'waiting', live: 1, barred: 'paused' }),
    );
    await telephony.resume(call.callId);
    await offeredCall(room, call.callId);
  });

  it('offers the chosen call, and goes on serving clients that never heard of following', async () => {
    const [one, two] = [await ring('supermarket'), await ring('supermarket')];
    const room = await comeIn('supermarket-manager');
    await follow(room, 'chosen', { callId: one.callId });
    await offeredCall(room, one.callId);
    expect(offered(room).at(-1)?.why).to.deep.include({ criterion: 'chosen' });
    await room.ask(one.callId);
    await one.end();
    await eventually(() => expect(state(room)).to.deep.include({ phase: 'off', stoppedBy: 'call-over' }));
    const old = await comeIn('crowd-5');
    expect((await old.ask()).call.id).to.equal(two.callId);
    expect(offered(old)).to.deep.equal([]);
    await two.end();
    await eventually(() =>
      expect(old.socket.seen(listeningEvents.callEnded).map(({ call }) => call.id)).to.include(two.callId),
    );
    expect(old.socket.seen(followEvents.changed)).to.deep.equal([]);
  });

  it('keeps the places of those who wait over the death of a server, and gives each what its server carries', async () => {
    const second = await startServer(stores);
    servers.push(second);
    const early = await comeIn('crowd-1', slot, second);
    const { waitingSince } = await follow(early, 'surprise');
    const late = await comeIn('crowd-2', slot, second);
    await follow(late, 'surprise');
    await eventually(() => expect(state(late)?.before).to.equal(1));
    // A call of the first server is not played to listeners of the second one.
    const there = await ring('supermarket');
    await eventually(() => expect(state(late)).to.deep.include({ live: 1, barred: 'elsewhere' }));
    second.kill();

    // They come back to the other server, the later one first.
    const lateAgain = await comeIn('crowd-2');
    await there.end();
    await follow(lateAgain, 'surprise');
    const earlyAgain = await comeIn('crowd-1');
    expect(await follow(earlyAgain, 'surprise')).to.deep.include({ phase: 'waiting', waitingSince });
    await eventually(() => {
      expect(state(earlyAgain)).to.deep.include({ before: 0 });
      expect(state(lateAgain)).to.deep.include({ before: 1 });
    });
    const call = await ring('supermarket');
    await Promise.all([offeredCall(earlyAgain, call.callId), offeredCall(lateAgain, call.callId)]);
    const waited = (room: RoomClient) =>
      offered(room)
        .at(-1)
        ?.why.find(({ criterion }) => criterion === 'waited');
    expect(waited(earlyAgain)).to.deep.include({ longest: true });
    expect(waited(lateAgain)).to.deep.include({ longest: false });
    expect([...offered(early), ...offered(late)]).to.deep.equal([]);
  });
});
