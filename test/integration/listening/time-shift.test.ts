import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RtpLegAddress } from '#contract/calls.ts';
import { listeningEvents, listeningRequests } from '#contract/listening.ts';
import type { Slot } from '#contract/seats.ts';
import { timeShiftRequests } from '#contract/time-shift.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { eventually } from '#support/eventually.ts';
import { type RecorderProcess, startRecorder } from '#support/recorder-process.ts';
import { type Sending, sendFrames } from '#support/rtp-sender.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { type ShiftedPacket, shiftedPackets } from '#support/shifted-packets.ts';
import { freshStores } from '#support/stack.ts';

/** How far behind delayed seats hear, and how far a pause reaches back for them, ms. */
const delayMs = 3_000;
const reachBackMs = 1_500;
const frameMs = 20;
/** A call's packets are told apart by their numbers: every one is another. */
const frames = (leg: number, seconds: number) =>
  Array.from({ length: (seconds * 1_000) / frameMs }, (_, n) => numbered(leg, n));
const numbered = (leg: number, n: number) => {
  const payload = Buffer.alloc(160, 0xd5);
  payload.writeUInt8(leg, 0);
  payload.writeUInt32BE(n, 1);
  return payload;
};
const numberOf = ({ payload }: ShiftedPacket) => payload.readUInt32BE(1);
const refusal = (thrown: unknown) => (thrown instanceof ApiError ? thrown.code : String(thrown));

describe('Time shift in a live call', function () {
  this.timeout(90_000);
  let server: ServerProcess;
  let recorders: RecorderProcess[] = [];
  let telephony: TelephonyClient;
  let host: PersonClient;
  let manager: PersonClient;
  let slot: Slot;
  const spools: string[] = [];
  const rooms: RoomClient[] = [];
  const sendings: Sending[] = [];

  before(async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    // Two disks of their own: every call is recorded twice.
    for (let i = 0; i < 2; i++) spools.push(await mkdtemp(join(tmpdir(), 'cloud-listening-spool-')));
    [server, ...recorders] = await Promise.all([
      startServer(stores, {
        LISTENING_DELAY_MS: String(delayMs),
        PAUSE_REACHES_BACK_MS: String(reachBackMs),
      }),
      ...spools.map((spool) => startRecorder(stores, spool)),
    ]);
    telephony = new TelephonyClient(server.url, testTelephonyKey);
    host = await PersonClient.signIn(server.url, 'host');
    manager = await PersonClient.signIn(server.url, 'supermarket-manager');
    const startsAt = Math.floor(Date.now() / 300_000) * 300_000;
    slot = await host.seats.plan({ lineId: 'supermarket', startsAt, endsAt: startsAt + 3_600_000, seats: 4 });
    await manager.seats.checkIn(await manager.seats.reserve(slot));
  });
  after(async () => {
    for (const room of rooms) room.close();
    await Promise.all(sendings.map((sending) => sending.stop()));
    await Promise.all([server?.stop(), ...recorders.map((recorder) => recorder.stop())]);
    for (const spool of spools) await rm(spool, { recursive: true, force: true });
  });

  const roomOf = async (person: PersonClient) => {
    const room = await RoomClient.open(person, slot.id);
    rooms.push(room);
    return room;
  };

  /** A live call of numbered packets; `sentAt` is when, UTC ms, a packet left. */
  async function liveCall(seconds: number) {
    const call = await telephony.open({ lineId: 'supermarket', agentId: 'agent-1' });
    const startAt = Date.now() + 150;
    const own = call.legs.map((to: RtpLegAddress, leg) =>
      sendFrames({ to, frames: frames(leg, seconds), ticks: 160, payloadType: 0, startAt }),
    );
    sendings.push(...own);
    await eventually(async () => expect((await telephony.show(call.callId)).state).to.equal('live'));
    return { ...call, sent: own, sentAt: (n: number) => startAt + n * frameMs };
  }

  const audio = async (room: RoomClient, listeningId: string, fromMs: number, toMs: number) => {
    const answer = await room.socket.request(timeShiftRequests.audio, { listeningId, fromMs, toMs });
    return { ...answer, packets: shiftedPackets(answer.bytes) };
  };
  const shift = (room: RoomClient, listeningId: string, on: boolean) =>
    room.socket.request(timeShiftRequests.shift, { listeningId, on });

  /** Asks until the call is on disk up to there. */
  const upTo = (room: RoomClient, listeningId: string, fromMs: number, toMs: number, within = 10_000) =>
    eventually(
      async () => {
        const answer = await audio(room, listeningId, fromMs, toMs);
        expect(answer.toMs).to.equal(toMs);
        return answer;
      },
      { within, every: 100 },
    );

  const numbersOf = (packets: readonly ShiftedPacket[], side: ShiftedPacket['side']) =>
    packets.filter((packet) => packet.side === side).map(numberOf);

  it('gives exactly what was said at a time, while nothing is forwarded, and goes live again at once', async () => {
    const call = await liveCall(30);
    const room = await roomOf(manager);
    const { joined, ears } = await room.listen(call.callId);
    const { listeningId } = joined;
    await eventually(() => expect(ears.packets).to.be.above(20));

    await shift(room, listeningId, true);
    // What was under way when the answer came.
    let before = -1;
    await eventually(
      () => {
        const stands = ears.packets === before;
        before = ears.packets;
        expect(stands).to.equal(true);
      },
      { every: 100 },
    );
    const { packets } = await upTo(room, listeningId, 500, 3_500);
    for (const [leg, side] of (['agent', 'customer'] as const).entries()) {
      const numbers = numbersOf(packets, side);
      expect(numbers).to.deep.equal(Array.from(numbers, (_, i) => numbers[0]! + i));
      expect(numbers.length).to.be.within(149, 151);
      for (const packet of packets.filter((one) => one.side === side)) {
        expect(packet.codec).to.equal('PCMU');
        expect(packet.payload.equals(numbered(leg, numberOf(packet)))).to.equal(true);
        // Offsets count from the arrival of the first packet.
        expect(packet.atMs).to.be.closeTo(call.sentAt(numberOf(packet)) - joined.call.startedAt!, 60);
      }
    }
    expect(ears.packets, 'nothing was forwarded meanwhile').to.equal(before);
    expect((await telephony.show(call.callId)).listeners, 'the agent sees the listener').to.equal(1);

    // Back and forth: the same time is the same sound.
    const again = await audio(room, listeningId, 500, 3_500);
    expect(Buffer.compare(Buffer.from(again.bytes), Buffer.concat(packets.map(raw)))).to.equal(0);
    const drawn = await room.socket.request(timeShiftRequests.waveform, { listeningId, fromMs: 0 });
    expect(drawn.agent.length).to.be.within(30, 300);
    expect(drawn.agent).to.have.length(drawn.customer.length);

    await shift(room, listeningId, false);
    await eventually(() => expect(ears.packets).to.be.above(before + 20), { within: 2_000 });
    await room.stop();
    expect(await audio(room, listeningId, 0, 1_000).catch(refusal)).to.equal('listening.unknown');
    await telephony.end(call.callId);
  });

  it('keeps a pause of the call and a shift of the listener apart, and leaves out what was paused', async () => {
    const call = await liveCall(30);
    const room = await roomOf(manager);
    const { joined, ears } = await room.listen(call.callId);
    const { listeningId } = joined;
    const flows = (from = ears.packets) =>
      eventually(() => expect(ears.packets).to.be.above(from + 20), { within: 3_000 });
    const stands = () => {
      let before = -1;
      return eventually(
        () => {
          const same = ears.packets === before;
          before = ears.packets;
          expect(same).to.equal(true);
        },
        { every: 150 },
      );
    };
    await flows();
    await shift(room, listeningId, true);
    await telephony.pause(call.callId);
    await shift(room, listeningId, false);
    await stands();
    await telephony.resume(call.callId);
    await flows();
    const pausedFrom = Date.now();
    await telephony.pause(call.callId);
    await shift(room, listeningId, true);
    await eventually(() => Date.now() > pausedFrom + 1_000, { within: 2_000 });
    await telephony.resume(call.callId);
    const resumedAt = Date.now();
    await stands();

    const zero = joined.call.startedAt!;
    const { packets } = await upTo(room, listeningId, 0, resumedAt - zero + 1_000);
    const numbers = numbersOf(packets, 'agent');
    // What was sent within the pause, but for what was on its way at its edges.
    const inPause = numbers.filter(
      (n) => call.sentAt(n) > pausedFrom + 200 && call.sentAt(n) < resumedAt - 200,
    );
    expect(inPause).to.deep.equal([]);
    expect(numbers.some((n) => call.sentAt(n) > resumedAt + 200)).to.equal(true);
    const { pauses } = await room.socket.request(timeShiftRequests.waveform, { listeningId, fromMs: 0 });
    expect(pauses).to.have.length(2);
    expect(pauses[1]!.fromMs).to.be.closeTo(pausedFrom - zero, 300);
    expect(pauses[1]!.toMs).to.be.closeTo(resumedAt - zero, 300);

    await shift(room, listeningId, false);
    await flows();
    await room.stop();
    await telephony.end(call.callId);
  });

  it('lets whoever is behind hear a call to its end, although it is archived meanwhile', async () => {
    const call = await liveCall(8);
    const room = await roomOf(manager);
    const { joined } = await room.listen(call.callId);
    const { listeningId } = joined;
    await shift(room, listeningId, true);
    await upTo(room, listeningId, 0, 1_000);
    await Promise.all(call.sent.map(({ done }) => done));
    await telephony.end(call.callId);
    const recording = await eventually(
      async () => {
        const found = (await host.recordings.list()).recordings.find(({ callId }) => callId === call.callId);
        expect(found?.state).to.equal('archived');
        return host.recordings.show(found!.id);
      },
      { within: 30_000, every: 200 },
    );
    // The recording and the live call count from the same moment.
    expect(recording.startedAt).to.be.closeTo(joined.call.startedAt!, 60);
    const rest = await eventually(async () => {
      const answer = await audio(room, listeningId, 1_000, 20_000);
      expect(answer.ended).to.equal(true);
      return answer;
    });
    expect(rest.toMs).to.equal(rest.edgeMs);
    expect(rest.edgeMs).to.be.closeTo(8_000, 100);
    expect(numbersOf(rest.packets, 'customer').at(-1)).to.equal(399);
    expect(await shift(room, listeningId, false).catch(refusal), 'there is nothing live').to.equal(
      'listening.unknown',
    );
    await room.stop();
    const { heardBy } = await eventually(async () => {
      const shown = await host.recordings.show(recording.id);
      expect(shown.heardBy.find(({ live }) => live)?.until).to.be.a('number');
      return shown;
    });
    const live = heardBy.filter(({ live: wasLive }) => wasLive);
    expect(live.map(({ name }) => name.en)).to.deep.equal([manager.person.name.en]);
    expect(live[0]!.until! - recording.startedAt, 'the hearing went on after the call').to.be.above(8_000);
  });

  it('shows a delayed seat nothing younger than its delay, nothing masked, and no live path', async () => {
    const partner = await PersonClient.signIn(server.url, 'partner-team');
    await partner.seats.checkIn(await partner.seats.reserve(slot));
    const call = await liveCall(40);
    const other = await roomOf(manager);
    const { joined: theirs } = await other.listen(call.callId);
    const room = await roomOf(partner);
    expect((await room.enter()).delayMs).to.equal(delayMs);
    expect((await (await roomOf(manager)).enter()).delayMs).to.equal(null);
    expect(await room.ask(call.callId).catch(refusal)).to.equal('listening.delayed');
    const joined = await room.socket.request(timeShiftRequests.joinDelayed, {
      ...{ slotId: slot.id, callId: call.callId },
    });
    expect(joined).to.include({ delayMs });
    const { listeningId } = joined;
    const zero = joined.call.startedAt!;

    // Nothing that opens the live path takes this listening, nor can that of somebody else be used.
    expect(await shift(room, listeningId, false).catch(refusal)).to.equal('listening.delayed');
    const forged = await Promise.all(
      [
        room.socket.request(listeningRequests.resume, { listeningId }),
        room.socket.request(listeningRequests.restartIce, { listeningId }),
        room.socket.request(listeningRequests.resume, { listeningId: theirs.listeningId }),
        audio(room, theirs.listeningId, 0, 1_000),
        shift(room, theirs.listeningId, true),
      ].map((attempt: Promise<unknown>) => attempt.catch(refusal)),
    );
    expect(new Set(forged)).to.deep.equal(new Set(['listening.unknown']));
    expect(await partner.recordings.list().catch(refusal)).to.equal('ability.denied');
    expect((await telephony.show(call.callId)).listeners).to.equal(2);

    /** Every packet that ever came, with its age when it did. */
    const given = new Map<number, number>();
    const askEverything = async () => {
      const nowMs = Date.now() - zero;
      for (const [fromMs, toMs] of [
        [0, 29_000],
        [Math.max(0, nowMs - 5_000), nowMs + 5_000],
        [Math.max(0, nowMs - delayMs - 100), nowMs],
      ] as const) {
        const { packets, edgeMs, toMs: complete } = await audio(room, listeningId, fromMs, toMs);
        const at = Date.now();
        expect(edgeMs).to.be.at.most(at - zero - delayMs);
        expect(complete).to.be.at.most(Math.max(fromMs, edgeMs));
        for (const n of packets.map(numberOf)) {
          if (!given.has(n)) given.set(n, at - call.sentAt(n));
        }
      }
      const drawn = await room.socket.request(timeShiftRequests.waveform, { listeningId, fromMs: 0 });
      expect(drawn.agent.length * drawn.stepMs).to.be.at.most(Date.now() - zero - delayMs);
      return drawn;
    };
    const until = (ms: number) =>
      eventually(
        async () => {
          await askEverything();
          expect(Date.now() - zero).to.be.above(ms);
        },
        { within: ms + 5_000, every: 150 },
      );
    await until(delayMs + 1_500);
    expect(given.size).to.be.above(40);

    const pausedAt = Date.now();
    await telephony.pause(call.callId);
    await until(pausedAt - zero + 2_000);
    await telephony.resume(call.callId);
    const resumedAt = Date.now();
    await until(resumedAt - zero + delayMs + 1_500);
    const drawn = await askEverything();
    for (const [n, age] of given) {
      expect(age, `packet ${n}`).to.be.at.least(delayMs);
      const sentAt = call.sentAt(n);
      if (sentAt < resumedAt - 200) expect(sentAt, `packet ${n}`).to.be.below(pausedAt - reachBackMs + 100);
    }
    // It goes on behind the pause.
    expect([...given.keys()].some((n) => call.sentAt(n) > resumedAt)).to.equal(true);
    expect(drawn.pauses).to.have.length(1);
    expect(drawn.pauses[0]!.fromMs).to.be.closeTo(pausedAt - reachBackMs - zero, 300);

    await telephony.end(call.callId);
    await eventually(
      async () => {
        const answer = await audio(room, listeningId, Date.now() - zero - 6_000, Date.now() - zero);
        expect(answer.ended).to.equal(true);
      },
      { within: delayMs + 8_000, every: 200 },
    );
    other.close();
  });

  it('hears later from a slot that is delayed, but for the programme’s host', async () => {
    const { startsAt, endsAt } = slot;
    const guests = await host.seats.plan({
      lineId: 'electronics',
      startsAt,
      endsAt,
      seats: 2,
      ear: 'delayed',
    });
    expect(guests.ear).to.equal('delayed');
    const owner = await PersonClient.signIn(server.url, 'electronics-manager');
    await owner.seats.checkIn(await owner.seats.reserve(guests));
    for (const [person, expected] of [
      [owner, delayMs],
      [host, null],
    ] as const) {
      const room = await RoomClient.open(person, guests.id);
      rooms.push(room);
      expect((await room.enter()).delayMs).to.equal(expected);
      expect(await room.ask().catch(refusal)).to.equal(
        expected === null ? 'listening.none-live' : 'listening.delayed',
      );
      const delayed = room.socket.request(timeShiftRequests.joinDelayed, { slotId: guests.id });
      expect(await delayed.catch(refusal)).to.equal(
        expected === null ? 'ability.denied' : 'listening.none-live',
      );
    }
  });

  it('ends with the seat', async () => {
    const executive = await PersonClient.signIn(server.url, 'retail-executive');
    const reservation = await executive.seats.reserve(slot);
    await executive.seats.checkIn(reservation);
    const call = await liveCall(10);
    const room = await roomOf(executive);
    const { joined } = await room.listen(call.callId);
    await shift(room, joined.listeningId, true);
    await upTo(room, joined.listeningId, 0, 1_000);
    await executive.seats.cancel(reservation);
    const refused = await audio(room, joined.listeningId, 0, 1_000).catch(refusal);
    expect(refused).to.be.oneOf(['seat.required', 'listening.unknown']);
    await eventually(() =>
      expect(room.socket.seen(listeningEvents.interrupted).at(-1)).to.include({
        ...{ listeningId: joined.listeningId, reason: 'seat-lost' },
      }),
    );
    await telephony.end(call.callId);
  });

  it('goes on from the other copy when a recorder dies', async () => {
    const call = await liveCall(40);
    const room = await roomOf(manager);
    const { joined } = await room.listen(call.callId);
    const { listeningId } = joined;
    await shift(room, listeningId, true);
    const before = await upTo(room, listeningId, 0, 3_000);
    // The one that answered is not known here; without either of them all must go on.
    recorders[0]!.kill();
    const killedAt = Date.now() - joined.call.startedAt!;
    const after = await upTo(room, listeningId, 0, 3_000, 3_000);
    // Two recorders hear a packet a fraction of a millisecond apart: one at the span's very edge is in one copy's only.
    const inside = numbersOf(before.packets, 'agent').slice(1, -1);
    expect(inside.length).to.be.above(140);
    const again = numbersOf(after.packets, 'agent');
    expect(again.filter((n) => n >= inside[0]! && n <= inside.at(-1)!)).to.deep.equal(inside);
    expect(again.length).to.be.closeTo(inside.length + 2, 2);
    const rest = await upTo(room, listeningId, killedAt - 2_000, Math.round(killedAt + 3_000), 15_000);
    const numbers = numbersOf(rest.packets, 'agent');
    expect(numbers).to.deep.equal(Array.from(numbers, (_, i) => numbers[0]! + i));
    expect(numbers.length).to.be.within(249, 251);

    recorders[1]!.kill();
    const gone = await audio(room, listeningId, 0, 1_000).catch(refusal);
    expect(gone).to.equal('shift.unavailable');
    await shift(room, listeningId, false);
    await telephony.end(call.callId);
  });
});

/** A packet as it came. */
function raw({ side, codec, atMs, payload }: ShiftedPacket): Buffer {
  const head = Buffer.alloc(8);
  head[0] = side === 'agent' ? 0 : 1;
  head[1] = { PCMU: 1, PCMA: 2, opus: 3 }[codec];
  head.writeUInt32BE(Math.round(atMs * 10), 2);
  head.writeUInt16BE(payload.length, 6);
  return Buffer.concat([head, payload]);
}
