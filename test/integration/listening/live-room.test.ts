import { expect } from 'chai';
import { hearingsEndpoints } from '#contract/hearings.ts';
import { listeningEvents, listeningRequests } from '#contract/listening.ts';
import type { Slot } from '#contract/seats.ts';
import { softphoneRequests } from '#contract/softphone-media.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { eventually } from '#support/eventually.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const refusal = (thrown: unknown) => (thrown instanceof ApiError ? thrown.code : String(thrown));

describe('The live room', function () {
  this.timeout(60_000);
  let server: ServerProcess;
  let telephony: TelephonyClient;
  let host: PersonClient;
  let manager: PersonClient;
  let slot: Slot;
  const rooms: RoomClient[] = [];
  const sendings: Sending[] = [];

  before(async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    server = await startServer(stores);
    telephony = new TelephonyClient(server.url, testTelephonyKey);
    host = await PersonClient.signIn(server.url, 'host');
    manager = await PersonClient.signIn(server.url, 'supermarket-manager');
    const startsAt = Math.floor(Date.now() / 300_000) * 300_000;
    slot = await host.seats.plan({ lineId: 'supermarket', startsAt, endsAt: startsAt + 3_600_000, seats: 2 });
  });
  after(async () => {
    for (const room of rooms) room.close();
    await Promise.all(sendings.map((sending) => sending.stop()));
    await server?.stop();
  });

  const roomOf = async (person: PersonClient, slotId = slot.id) => {
    const room = await RoomClient.open(person, slotId);
    rooms.push(room);
    return room;
  };

  /** A call of two tones that is being heard by the server. */
  const liveCall = async (lineId = 'supermarket') => {
    const opened = await telephony.open({ lineId, agentId: 'agent-1', customerNumber: '13812345678' });
    for (const leg of opened.legs) {
      sendings.push(sendTone({ to: leg, hz: leg.role === 'agent' ? 440 : 880, seconds: 60 }));
    }
    await eventually(async () => expect((await telephony.show(opened.callId)).state).to.equal('live'));
    return opened;
  };

  it('refuses people without a checked-in seat, and opens with one', async () => {
    const room = await roomOf(manager);
    expect(await room.enter().catch(refusal)).to.equal('seat.required');
    const reservation = await manager.seats.reserve(slot);
    expect(await room.enter().catch(refusal)).to.equal('seat.required');
    await manager.seats.checkIn(reservation);
    const entered = await room.enter();
    expect(entered.slot.id).to.equal(slot.id);
    expect(entered.roster.map(({ personId }) => personId)).to.deep.equal(['supermarket-manager']);
    expect(await room.ask().catch(refusal)).to.equal('listening.none-live');
  });

  it('refuses a manager of another business, whatever they know', async () => {
    const stranger = await PersonClient.signIn(server.url, 'electronics-manager');
    const room = await roomOf(stranger);
    expect(await room.enter().catch(refusal)).to.equal('scope.denied');
    const call = await liveCall();
    expect(await room.ask(call.callId).catch(refusal)).to.equal('scope.denied');
    await telephony.end(call.callId);
  });

  it('lets a listener hear both voices, apart, and tells everyone who listens', async () => {
    const call = await liveCall();
    const watcher = await roomOf(host);
    await watcher.enter();
    const room = await roomOf(manager);
    const { joined, ears } = await room.listen(call.callId);
    expect(joined.call.customerMasked).to.equal('••••78');
    const legOf = (role: string) => call.legs.find((leg) => leg.role === role)!.legId;
    await eventually(() => {
      expect(ears.frequencyOf(legOf('agent'))).to.equal(440);
      expect(ears.frequencyOf(legOf('customer'))).to.equal(880);
    });
    await eventually(() => {
      const roster = watcher.socket.seen(listeningEvents.roster).at(-1)?.roster ?? [];
      expect(roster.find(({ personId }) => personId === 'supermarket-manager')?.callId).to.equal(call.callId);
    });
    await eventually(async () => expect((await telephony.show(call.callId)).listeners).to.equal(1));

    await telephony.end(call.callId);
    await eventually(() => {
      const ended = room.socket.seen(listeningEvents.callEnded).map((event) => event.call.id);
      expect(ended).to.include(call.callId);
    });
    const answer = await room.socket
      .request(listeningRequests.resume, { listeningId: joined.listeningId })
      .catch(refusal);
    expect(answer).to.equal('listening.unknown');
  });

  it('gives the next call of the line, never one of another line', async () => {
    const other = await liveCall('electronics');
    const call = await liveCall();
    const room = await roomOf(manager);
    expect((await room.ask()).call.id).to.equal(call.callId);
    expect(await room.ask(other.callId).catch(refusal)).to.equal('scope.denied');
    await Promise.all([telephony.end(call.callId), telephony.end(other.callId)]);
  });

  it('takes the seat over when the same person joins in a second window', async () => {
    const call = await liveCall();
    const [first, second] = [await roomOf(manager), await roomOf(manager)];
    const before = await first.listen(call.callId);
    const after = await second.listen(call.callId);
    await eventually(() => expect(after.ears.packets).to.be.greaterThan(20));
    expect(first.socket.seen(listeningEvents.interrupted)).to.deep.include({
      listeningId: before.joined.listeningId,
      callId: call.callId,
      reason: 'seat-lost',
    });
    expect((await telephony.show(call.callId)).listeners).to.equal(1);
    await telephony.end(call.callId);
  });

  it('is heard in one window also when the same person joins in several in one moment', async () => {
    const call = await liveCall();
    const windows = await Promise.all([roomOf(manager), roomOf(manager), roomOf(manager)]);
    const outcomes = await Promise.all(windows.map((room) => room.ask(call.callId).catch(refusal)));
    const alive = outcomes.filter((one) => typeof one !== 'string');
    expect(outcomes.filter((one) => typeof one === 'string')).to.deep.equal(
      Array.from({ length: outcomes.length - alive.length }, () => 'listening.unknown'),
    );
    // Those who were answered before they lost the seat are told so.
    const ended = windows.flatMap((room) => room.socket.seen(listeningEvents.interrupted));
    const left = alive.filter((one) => !ended.some(({ listeningId }) => listeningId === one.listeningId));
    expect(left).to.have.length(1);
    expect((await telephony.show(call.callId)).listeners).to.equal(1);
    await telephony.end(call.callId);
  });

  it('keeps everybody hearing while one sends nonsense', async () => {
    const call = await liveCall();
    const good = await roomOf(host);
    const { ears } = await good.listen(call.callId);
    const bad = await roomOf(manager);
    expect(await bad.ask(call.callId, { codecs: [{ kind: 'audio' }] }).catch(refusal)).to.equal(
      'request.invalid',
    );
    expect(await bad.ask(call.callId, { codecs: [] }).catch(refusal)).to.equal('media.capabilities');
    const joined = await bad.ask(call.callId);
    const nonsense = [
      {},
      { listeningId: joined.listeningId, dtlsParameters: { fingerprints: [] } },
      {
        listeningId: joined.listeningId,
        dtlsParameters: { fingerprints: [{ algorithm: 'sha-256', value: 'zz' }] },
      },
      { listeningId: joined.listeningId, dtlsParameters: { role: 'both', fingerprints: [] } },
    ];
    for (const input of nonsense) {
      const ack = await bad.socket.raw(listeningRequests.connect.event, input);
      expect(ack.ok ? 'accepted' : ack.error.code).to.equal('request.invalid');
    }
    const forged = { algorithm: 'sha-256', value: Array(20).fill('00').join(':') };
    const short = await bad.socket.raw(listeningRequests.connect.event, {
      listeningId: joined.listeningId,
      dtlsParameters: { role: 'client', fingerprints: [forged] },
    });
    expect(short.ok ? 'accepted' : short.error.code).to.be.oneOf(['accepted', 'media.parameters']);
    ears.forget();
    await eventually(() => expect(ears.packets).to.be.greaterThan(40));
    expect(ears.streams.map(({ lost }) => lost)).to.deep.equal([0, 0]);
    await telephony.end(call.callId);
  });

  it('has no way in for a listener’s audio', async () => {
    const call = await liveCall();
    const room = await roomOf(manager);
    await room.ask(call.callId);
    const produce = await room.socket.raw(softphoneRequests.produce.event, {
      callId: call.callId,
      kind: 'audio',
      rtpParameters: {
        codecs: [{ mimeType: 'audio/opus', payloadType: 111, clockRate: 48_000, channels: 2 }],
      },
    });
    expect(produce.ok ? 'accepted' : produce.error.code).to.equal('ability.denied');
    for (const event of ['listening:produce', 'produce', 'room:produce']) {
      const ack = await room.socket.raw(event, { kind: 'audio' });
      expect(ack.ok ? 'accepted' : ack.error.code, event).to.equal('request.invalid');
    }
    await telephony.end(call.callId);
  });

  it('ends a listening whose seat was given back', async () => {
    const call = await liveCall();
    const person = await PersonClient.signIn(server.url, 'retail-executive');
    const reservation = await person.seats.reserve(slot);
    await person.seats.checkIn(reservation);
    const room = await roomOf(person);
    const { joined } = await room.listen(call.callId);
    await person.seats.cancel(reservation);
    const again = await room.socket
      .request(listeningRequests.resume, { listeningId: joined.listeningId })
      .catch(refusal);
    // Refused for the seat, or already gone with it.
    expect(again).to.be.oneOf(['seat.required', 'listening.unknown']);
    await eventually(
      () =>
        expect(room.socket.seen(listeningEvents.interrupted)).to.deep.include({
          listeningId: joined.listeningId,
          callId: call.callId,
          reason: 'seat-lost',
        }),
      { within: 15_000 },
    );
    await telephony.end(call.callId);
  });

  it('keeps how good a listener’s line was, for them and for those who run the programme', async () => {
    const call = await liveCall();
    const room = await roomOf(host);
    const { joined } = await room.listen(call.callId);
    const { listeningId } = joined;
    const report = { listeningId, receivedPackets: 100 };
    await room.socket.request(listeningRequests.quality, {
      ...{ ...report, roundTripMs: 41, jitterMs: 3, lossRatio: 0 },
    });
    await room.socket.request(listeningRequests.quality, {
      ...{ ...report, roundTripMs: 87, jitterMs: 9, lossRatio: 0.02 },
    });
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).to.match(/line_round_trip_seconds_count 2\b/);
    expect(metrics).to.match(/line_loss_ratio_bucket\{le="0"\} 1\b/);
    expect(metrics).to.match(/join_seconds_count [1-9]/);
    expect(metrics).to.match(/ingress_dropped 0\b/);
    await room.stop();
    const line = (person: PersonClient) =>
      person.api.call(hearingsEndpoints.line, { params: { id: listeningId } });
    await eventually(async () => {
      const { windows } = await line(host);
      expect(windows.map(({ at: _, ...rest }) => rest)).to.deep.equal([
        { roundTripMs: 87, jitterMs: 9, lossRatio: 0.01 },
      ]);
    });
    expect(await line(manager).catch(refusal)).to.equal('not-found');
    const cx = await PersonClient.signIn(server.url, 'cx');
    expect((await line(cx)).windows).to.have.length(1);

    const span = { from: slot.startsAt - 3_600_000, to: slot.endsAt };
    const lines = async (person: PersonClient, query: object = {}) =>
      (await person.api.call(hearingsEndpoints.lines, { query: { ...span, ...query } })).lines;
    const own = (await lines(host)).find(({ id }) => id === listeningId);
    expect(own).to.deep.include({
      ...{ verdict: 'good', slotId: slot.id, fairMs: 0, poorMs: 0, cells: ['good'] },
      worst: { roundTripMs: 87, jitterMs: 9, lossRatio: 0.01 },
    });
    const ids = (list: { id: string }[]) => list.map(({ id }) => id);
    expect(ids(await lines(manager))).not.to.include(listeningId);
    expect(await lines(manager, { of: 'everyone' }).catch(refusal)).to.equal('ability.denied');
    expect(ids(await lines(cx, { of: 'everyone', order: 'worst', limit: 200 }))).to.include(listeningId);
    expect(ids(await lines(cx, { of: 'everyone', slotId: slot.id }))).to.include(listeningId);
    expect(ids(await lines(cx, { of: 'everyone', slotId: 'another' }))).to.deep.equal([]);
    const team = await lines(cx, { of: 'everyone', businessId: 'supermarket' });
    expect(new Set(team.map(({ person }) => person.id))).to.deep.equal(new Set(['supermarket-manager']));
    await telephony.end(call.callId);
  });
});
