import { expect } from 'chai';
import { businessesEndpoints, type LineNotice } from '#contract/businesses.ts';
import { callsEndpoints } from '#contract/calls.ts';
import { hearingsEndpoints } from '#contract/hearings.ts';
import { listeningEvents, listeningRequests } from '#contract/listening.ts';
import type { Slot } from '#contract/seats.ts';
import { softphoneEndpoints } from '#contract/softphone.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { eventually } from '#support/eventually.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';
import type { WebrtcListener } from '#support/webrtc-listener.ts';

const refusal = (thrown: unknown) => (thrown instanceof ApiError ? thrown.code : String(thrown));

describe('Fairness to agents, and credit for listening', function () {
  this.timeout(90_000);
  let stores: StackEnv;
  let server: ServerProcess;
  let slot: Slot;
  const rooms: RoomClient[] = [];
  const sendings: Sending[] = [];

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    server = await startServer(stores);
    const host = await person('host');
    const startsAt = Math.floor(Date.now() / 300_000) * 300_000;
    slot = await host.seats.plan({
      lineId: 'supermarket',
      startsAt,
      endsAt: startsAt + 3_600_000,
      seats: 5,
    });
  });
  after(async () => {
    for (const room of rooms) room.close();
    await Promise.all(sendings.map((sending) => sending.stop()));
    await server?.stop();
  });

  const person = (id: string) => PersonClient.signIn(server.url, id);
  const telephony = () => new TelephonyClient(server.url, testTelephonyKey);

  /** A call of agent-1 that is being heard by the server. */
  async function liveCall(seconds = 60) {
    const opened = await telephony().open({ lineId: 'supermarket', agentId: 'agent-1' });
    for (const leg of opened.legs) sendings.push(sendTone({ to: leg, hz: 440, seconds }));
    await eventually(async () => expect((await telephony().show(opened.callId)).state).to.equal('live'));
    return opened.callId;
  }

  async function seated(id: string): Promise<PersonClient> {
    const who = await person(id);
    const { reservations } = await who.seats.mine();
    if (reservations.some((one) => one.slotId === slot.id && one.state === 'checked-in')) return who;
    await who.seats.checkIn(await who.seats.reserve(slot));
    return who;
  }

  /** Listens, and reports what was received as a browser does. */
  async function listen(who: PersonClient, callId: string) {
    const room = await RoomClient.open(who, slot.id);
    rooms.push(room);
    const { joined, ears } = await room.listen(callId);
    const timer = setInterval(() => report(room, joined.listeningId, ears), 500);
    timer.unref();
    return {
      room,
      ears,
      listeningId: joined.listeningId,
      async leave() {
        clearInterval(timer);
        await report(room, joined.listeningId, ears);
        await room.socket.request(listeningRequests.leave, { listeningId: joined.listeningId });
        room.close();
      },
      quiet: () => clearInterval(timer),
    };
  }
  const report = (room: RoomClient, listeningId: string, ears: Pick<WebrtcListener, 'packets'>) =>
    room.socket
      .request(listeningRequests.quality, {
        ...{ listeningId, roundTripMs: null, jitterMs: 0, lossRatio: 0 },
        receivedPackets: ears.packets,
      })
      .catch(() => undefined);

  const mine = async (agent: PersonClient, callId: string) =>
    (await agent.api.call(softphoneEndpoints.mine)).calls.find(({ id }) => id === callId)!;
  const heardMe = async (agent: PersonClient, callId: string) =>
    (await agent.api.call(hearingsEndpoints.ofMe)).hearings.filter((one) => one.callId === callId);
  const hours = (who: PersonClient) => who.api.call(hearingsEndpoints.hours);
  const notice = async (to: LineNotice, by = 'admin') => {
    const input = { params: { id: 'supermarket' }, body: { notice: to } };
    return (await person(by)).api.call(businessesEndpoints.setNotice, input);
  };

  it('shows the agent who listens and since when, then from when until when', async () => {
    const agent = await person('agent-1');
    const callId = await liveCall();
    const visit = await listen(await seated('supermarket-manager'), callId);
    const running = await eventually(async () => {
      const { heardBy, listeners, notice: told } = await mine(agent, callId);
      expect({ listeners, told }).to.deep.equal({ listeners: 1, told: 'live' });
      return heardBy[0]!;
    });
    expect(running).to.deep.include({ until: null, live: true, way: 'live' });
    expect(running.name.en).to.equal('Lin Yue');
    await visit.leave();
    const [heard] = await eventually(async () => {
      const list = await heardMe(agent, callId);
      expect(list[0]?.until).to.be.a('number');
      return list;
    });
    expect(heard!.at).to.be.closeTo(running.at, 1);
    expect(heard!.until! - heard!.at).to.be.above(0);
    await telephony().end(callId);
  });

  it('credits the time in which packets were sent and acknowledged, against the programme’s duty', async () => {
    const who = await seated('supermarket-manager');
    const before = await hours(who);
    expect(before.dutyMs).to.equal(2 * 3_600_000);
    const callId = await liveCall();
    const visit = await listen(who, callId);
    const began = Date.now();
    await eventually(() => expect(Date.now() - began).to.be.above(4_000), { within: 6_000 });
    await visit.leave();
    const lasted = Date.now() - began;
    await eventually(async () => {
      const gained = (await hours(who)).creditedMs - before.creditedMs;
      expect(gained).to.be.within(3_000, lasted + 1_500);
    });
    await telephony().end(callId);
  });

  it('credits nothing to a page that reports what was never sent, nor to one that never reports', async () => {
    const who = await seated('mother-baby-owner');
    const callId = await liveCall();
    // No ears: nothing is ever sent to it, whatever it claims.
    const deaf = await RoomClient.open(who, slot.id);
    rooms.push(deaf);
    const { listeningId } = await deaf.ask(callId);
    await report(deaf, listeningId, { packets: 1_000_000 });
    await deaf.socket.request(listeningRequests.leave, { listeningId });
    // Ears that hear and a page that says nothing.
    const silent = await listen(who, callId);
    silent.quiet();
    await eventually(() => expect(silent.ears.packets).to.be.above(100));
    await silent.room.socket.request(listeningRequests.leave, { listeningId: silent.listeningId });
    await telephony().end(callId);
    const agent = await person('agent-1');
    await eventually(async () => expect((await heardMe(agent, callId))[0]?.until).to.be.a('number'));
    expect((await hours(who)).creditedMs).to.be.below(1_000);
  });

  it('credits nothing while the call is paused, whatever the page claims', async () => {
    const who = await seated('retail-executive');
    const callId = await liveCall();
    await telephony().pause(callId);
    const visit = await listen(who, callId);
    const began = Date.now();
    const lie = setInterval(() => {
      void report(visit.room, visit.listeningId, { packets: (Date.now() - began) / 10 });
    }, 300);
    await eventually(() => expect(Date.now() - began).to.be.above(4_000), { within: 6_000 });
    clearInterval(lie);
    await visit.leave();
    await telephony().end(callId);
    expect((await hours(who)).creditedMs).to.equal(0);
  });

  it('hides listeners from the line’s agents while they listen, where the line tells afterwards', async () => {
    expect((await notice('afterwards')).notice).to.equal('afterwards');
    const agent = await person('agent-1');
    const socket = await agent.socket();
    const callId = await liveCall();
    const visit = await listen(await seated('supermarket-manager'), callId);
    await eventually(() => expect(visit.ears.packets).to.be.above(50));
    await eventually(async () => expect((await telephony().show(callId)).listeners).to.equal(1));
    const own = await mine(agent, callId);
    expect(own).to.deep.include({ listeners: 0, heardBy: [], notice: 'afterwards' });
    expect(await heardMe(agent, callId)).to.deep.equal([]);
    const { calls } = await agent.api.call(callsEndpoints.live, { query: {} });
    expect(calls.find(({ id }) => id === callId)?.listeners).to.equal(0);
    const paused = await agent.calls.pause(callId);
    expect(paused.listeners).to.equal(0);
    await agent.calls.resume(callId);
    await visit.leave();
    expect(await heardMe(agent, callId), 'the call goes on').to.deep.equal([]);
    await telephony().end(callId);
    await eventually(async () => {
      const [heard] = await heardMe(agent, callId);
      expect(heard?.until).to.be.a('number');
      expect((await mine(agent, callId)).heardBy).to.have.length(1);
    });
    await eventually(() => expect(socket.seen(listeningEvents.callEnded)).to.have.length(1));
    const told = [listeningEvents.callStarted, listeningEvents.callUpdated].flatMap((event) =>
      socket.seen(event).map(({ call }) => call.listeners),
    );
    expect(new Set(told)).to.deep.equal(new Set([0]));
    socket.close();
  });

  it('tells an agent of a line with a daily summary nothing before the day is over, and says when that is', async () => {
    await notice('digest');
    const agent = await person('agent-1');
    const callId = await liveCall();
    const visit = await listen(await seated('supermarket-manager'), callId);
    await eventually(() => expect(visit.ears.packets).to.be.above(50));
    await visit.leave();
    await telephony().end(callId);
    await eventually(async () => expect((await mine(agent, callId)).state).to.equal('ended'));
    expect((await mine(agent, callId)).heardBy).to.deep.equal([]);
    const { hearings, digestAt } = await agent.api.call(hearingsEndpoints.ofMe);
    expect(hearings.filter((one) => one.callId === callId)).to.deep.equal([]);
    expect(digestAt! - Date.now()).to.be.within(0, 24 * 3_600_000);
    await notice('live', 'host');
    const shown = await eventually(async () => {
      const list = await heardMe(agent, callId);
      expect(list).to.have.length(1);
      return list;
    });
    expect(shown[0]?.until).to.be.a('number');
  });

  it('lets only those who manage lines decide what agents are told', async () => {
    for (const id of ['supermarket-manager', 'agent-1', 'cx']) {
      expect(await notice('digest', id).catch(refusal), id).to.equal('ability.denied');
    }
    expect(
      await (await person('supermarket-manager')).api.call(hearingsEndpoints.ofMe).catch(refusal),
    ).to.equal('ability.denied');
  });

  it('shows start and stop of a listening whose server was killed in the middle of it', async () => {
    const callId = await liveCall(120);
    const visit = await listen(await seated('supermarket-manager'), callId);
    const began = Date.now();
    // Long enough for the books to have seen packets.
    await eventually(() => expect(Date.now() - began).to.be.above(6_500), { within: 9_000 });
    visit.quiet();
    server.kill();
    const killedAt = Date.now();
    server = await startServer(stores);
    const agent = await person('agent-1');
    const [heard] = await eventually(
      async () => {
        const list = await heardMe(agent, callId);
        expect(list[0]?.until).to.be.a('number');
        return list;
      },
      { within: 30_000, every: 250 },
    );
    expect(heard!.at).to.be.closeTo(began, 3_000);
    // Where sound was last seen going out: not when somebody noticed.
    expect(heard!.until!).to.be.within(killedAt - 6_500, killedAt + 200);
    expect((await mine(agent, callId)).heardBy[0]).to.deep.include({ at: heard!.at, until: heard!.until });
  });
});
