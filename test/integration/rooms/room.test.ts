import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { type RoomMove, roomsEvents, roomsRequests } from '#contract/rooms.ts';
import type { Slot } from '#contract/seats.ts';
import type { SocketRequest } from '#contract/socket.ts';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { memoryStorage, RoomMate } from '#support/clients/room-mate.ts';
import type { SocketClient } from '#support/clients/socket-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { eventually } from '#support/eventually.ts';
import { upcomingSlots } from '#support/room-slots.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const refusal = (thrown: unknown) => (thrown instanceof ApiError ? thrown.code : String(thrown));
const soon = { within: 15_000 };

describe('The room of a slot', function () {
  this.timeout(60_000);
  let stores: StackEnv;
  let servers: ServerProcess[] = [];
  let host: PersonClient;
  let manager: PersonClient;
  let nextSlot: () => Promise<Slot>;
  let slot: Slot;
  let mates: RoomMate[] = [];
  let sockets: SocketClient[] = [];

  const mateOf = (person: PersonClient, server = servers[0]!, storage = memoryStorage()) => {
    const mate = new RoomMate(person.at(server.url), slot.id, storage);
    mates.push(mate);
    return mate;
  };
  const entered = (...who: RoomMate[]) =>
    eventually(() => {
      for (const { link } of who) expect(link.snapshot().entered).to.equal(true);
    }, soon);
  const socketOf = async (person: PersonClient, server = servers[0]!) => {
    const socket = await person.at(server.url).socket();
    sockets.push(socket);
    return socket;
  };
  // biome-ignore lint/suspicious/noExplicitAny: asks every request there is.
  const code = (socket: SocketClient, request: SocketRequest<any, any>, input: object = {}) =>
    socket.request(request, { slotId: slot.id, ...input }).then(() => 'ok', refusal);

  before(async () => {
    stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    servers = await Promise.all([startServer(stores), startServer(stores)]);
    host = await PersonClient.signIn(servers[0]!.url, 'host');
    manager = await PersonClient.signIn(servers[0]!.url, 'retail-executive');
    nextSlot = upcomingSlots(host);
  });
  /** A room nobody has been in. */
  const newRoom = async () => {
    slot = await nextSlot();
    await manager.seats.checkIn(await manager.seats.reserve(slot));
  };
  afterEach(() => {
    for (const mate of mates) mate.vanish();
    for (const socket of sockets) socket.close();
    [mates, sockets] = [[], []];
  });
  after(() => Promise.all(servers.map((server) => server.stop())));

  describe('has messages', () => {
    beforeEach(newRoom);

    it('in one order for everybody, over all servers, each once', async () => {
      const [one, two] = [mateOf(manager), mateOf(host, servers[1])];
      await entered(one, two);
      for (const words of ['一', 'two', '三']) one.link.send(words);
      for (const words of ['four', '五']) two.link.send(words);
      await eventually(() => {
        for (const mate of [one, two]) expect(mate.said).to.have.members(['一', 'two', '三', 'four', '五']);
        expect(one.said).to.deep.equal(two.said);
      }, soon);
      expect(one.said.filter((words) => ['一', 'two', '三'].includes(words ?? ''))).to.deep.equal([
        '一',
        'two',
        '三',
      ]);
      const [first] = one.link.snapshot().messages.filter(({ personId }) => personId === 'host');
      expect(first).to.include({ host: true }).and.to.have.deep.property('name', host.person.name);
      // Who comes later finds them.
      const later = mateOf(host);
      await eventually(() => expect(later.said).to.deep.equal(one.said), soon);
    });

    it('that go out when the connection is back, once, though the answer was lost', async () => {
      const [one, two] = [mateOf(manager), mateOf(host, servers[1])];
      await entered(one, two);
      one.realtime.lose(roomsRequests.sendMessage, {});
      one.link.send('answer lost');
      await eventually(() => expect(two.said).to.deep.equal(['answer lost']), soon);
      one.realtime.cut();
      one.link.send('没有连接时说的');
      expect(one.link.snapshot().outgoing.map(({ text }) => text)).to.include('没有连接时说的');
      one.realtime.mend();
      await eventually(() => {
        for (const mate of [one, two]) expect(mate.said).to.deep.equal(['answer lost', '没有连接时说的']);
        expect(one.link.snapshot().outgoing).to.deep.equal([]);
      }, soon);
    });

    it('that outlive the page they were written on', async () => {
      const storage = memoryStorage();
      const one = mateOf(manager, servers[0], storage);
      await entered(one);
      one.realtime.cut();
      one.link.send('before the reload');
      one.vanish();
      const again = mateOf(manager, servers[1], storage);
      await eventually(() => expect(again.said).to.deep.equal(['before the reload']), soon);
    });

    it('whose key answers the same message again, and no other', async () => {
      const socket = await socketOf(manager);
      const key = randomUUID();
      const send = (text: string) =>
        socket.request(roomsRequests.sendMessage, { slotId: slot.id, key, text });
      const [first, again] = [await send('hello'), await send('hello')];
      expect(again).to.deep.equal(first);
      expect(await send('something else').catch(refusal)).to.equal('idempotency.reused');
    });

    it('within measure', async () => {
      // Somebody who has not said anything yet.
      const cx = await PersonClient.signIn(servers[0]!.url, 'cx');
      await cx.seats.checkIn(await cx.seats.reserve(slot));
      const socket = await socketOf(cx);
      const send = (text: string) => code(socket, roomsRequests.sendMessage, { key: randomUUID(), text });
      for (const text of ['', '   ', 'x'.repeat(1_001), 'bell \u0007']) {
        expect(await send(text), JSON.stringify(text.slice(0, 10))).to.equal('request.invalid');
      }
      const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => send(`message ${index}`)));
      expect(new Set(answers)).to.deep.equal(new Set(['ok', 'rate.limited']));
      const taken = answers.filter((answer) => answer === 'ok').length;
      const { messages, earlier } = await socket.request(roomsRequests.open, { slotId: slot.id });
      expect(messages.map(({ number }) => number)).to.deep.equal(
        Array.from({ length: taken }, (_, index) => index + 1),
      );
      expect(earlier).to.equal(false);
      // And page by page, the youngest first.
      const before = await socket.request(roomsRequests.earlierMessages, { slotId: slot.id, before: 4 });
      expect(before.messages.map(({ number }) => number)).to.deep.equal([1, 2, 3]);
    });

    it('that a host may take the text of away, and nobody else', async () => {
      const [one, two] = [mateOf(manager), mateOf(host, servers[1])];
      await entered(one, two);
      one.link.send('a customer’s name');
      await eventually(() => expect(two.said).to.have.length(1), soon);
      const messageId = two.link.snapshot().messages[0]!.id;
      expect(await code(await socketOf(manager), roomsRequests.removeMessage, { messageId })).to.equal(
        'ability.denied',
      );
      expect(await code(await socketOf(host), roomsRequests.removeMessage, { messageId: 'msg_x' })).to.equal(
        'not-found',
      );
      await two.link.remove(messageId);
      await eventually(() => {
        for (const mate of [one, two]) expect(mate.said).to.deep.equal([null]);
      }, soon);
      const later = mateOf(host);
      await eventually(() => expect(later.said).to.deep.equal([null]), soon);
    });
  });

  it('is closed to everybody who has no seat in it: they can do nothing, and hear nothing', async () => {
    await newRoom();
    const inside = mateOf(manager);
    await entered(inside);
    const strangers = await Promise.all(
      ['cx', 'admin', 'agent-1', 'electronics-manager'].map((id) => PersonClient.signIn(servers[0]!.url, id)),
    );
    for (const stranger of strangers) {
      const socket = await socketOf(stranger);
      for (const [request, input] of [
        [roomsRequests.open, {}],
        [roomsRequests.sendMessage, { key: randomUUID(), text: 'let me in' }],
        [roomsRequests.earlierMessages, { before: 10 }],
        [roomsRequests.raiseHand, {}],
        [roomsRequests.lowerHand, { personId: 'host' }],
        [roomsRequests.move, { callId: 'call_1', idempotencyKey: randomUUID() }],
      ] as const) {
        expect(await code(socket, request, input), `${stranger.person.id} ${request.event}`).to.match(
          /denied|required/,
        );
      }
    }
    inside.link.send('only for us');
    await eventually(() => expect(inside.said).to.deep.equal(['only for us']), soon);
    for (const socket of sockets) {
      for (const event of Object.values(roomsEvents)) expect(socket.seen(event)).to.deep.equal([]);
    }
  });

  it('is no longer heard of by somebody whose seat was given back', async () => {
    await newRoom();
    const [one, two] = [mateOf(manager), mateOf(host, servers[1])];
    await entered(one, two);
    const { reservations } = await manager.seats.mine();
    await manager.seats.cancel(reservations.find(({ slotId }) => slotId === slot.id)!);
    await eventually(() => expect(servers[0]!.lines.join()).to.include('taken out of the room'), soon);
    two.link.send('after they left');
    await eventually(() => expect(two.said).to.deep.equal(['after they left']), soon);
    expect(one.said).to.deep.equal([]);
  });

  describe('has hands', () => {
    beforeEach(newRoom);

    it('in the order they went up; one’s own to lower, the host’s to lower all', async () => {
      const [one, two] = [mateOf(manager), mateOf(host, servers[1])];
      await entered(one, two);
      await one.link.raise();
      await two.link.raise();
      await one.link.raise();
      await eventually(() => {
        for (const mate of [one, two]) expect(mate.handsUp).to.deep.equal(['retail-executive', 'host']);
      }, soon);
      await one.link.lower('host');
      expect(one.link.snapshot().error?.code).to.equal('ability.denied');
      await two.link.lower('retail-executive');
      await eventually(() => {
        for (const mate of [one, two]) expect(mate.handsUp).to.deep.equal(['host']);
      }, soon);
    });

    it('that stay up over a lost connection, and go down with who leaves', async () => {
      const [one, two] = [mateOf(manager), mateOf(host, servers[1])];
      await entered(one, two);
      await one.link.raise();
      await eventually(() => expect(two.handsUp).to.deep.equal(['retail-executive']), soon);
      const { version } = two.link.snapshot().raised;
      one.realtime.cut();
      // The room has noticed.
      await eventually(() => expect(two.link.snapshot().raised.version).to.be.greaterThan(version), soon);
      expect(two.handsUp).to.deep.equal(['retail-executive']);
      one.realtime.mend();
      await eventually(() => expect(one.realtime.connection).to.equal('connected'), soon);
      await eventually(() => expect(two.link.snapshot().raised.version).to.be.greaterThan(version + 1), soon);
      expect(two.handsUp).to.deep.equal(['retail-executive']);
      await one.leave();
      await eventually(() => expect(two.handsUp).to.deep.equal([]), soon);
    });
  });

  describe('is moved by its host', () => {
    let telephony: TelephonyClient;
    const sendings: Sending[] = [];
    let running: Slot;

    const liveCall = async (lineId = 'supermarket') => {
      const { callId, legs } = await telephony.open({ lineId });
      for (const leg of legs) sendings.push(sendTone({ to: leg, hz: 440, seconds: 60 }));
      await eventually(async () => expect((await telephony.show(callId)).state).to.equal('live'), soon);
      return callId;
    };
    const move = (socket: SocketClient, callId: string, idempotencyKey: string = randomUUID()) =>
      socket
        .request(roomsRequests.move, { slotId: running.id, callId, idempotencyKey })
        .then((answer): RoomMove | string => answer.move, refusal);

    before(async () => {
      telephony = new TelephonyClient(servers[0]!.url, testTelephonyKey);
      const startsAt = Math.floor(Date.now() / 300_000) * 300_000;
      const span = { startsAt, endsAt: startsAt + 3_600_000 };
      running = await host.seats.plan({ lineId: 'supermarket', ...span, seats: 5 });
      await manager.seats.checkIn(await manager.seats.reserve(running));
    });
    beforeEach(() => {
      slot = running;
    });
    after(() => Promise.all(sendings.map((sending) => sending.stop())));

    it('to another live call of its line: told to everybody, over all servers, and to who comes later', async () => {
      const [one, two] = [mateOf(manager, servers[1]), mateOf(host)];
      await entered(one, two);
      const callId = await liveCall();
      await two.link.move(callId);
      await eventually(() => {
        for (const mate of [one, two]) {
          expect(mate.link.snapshot().move).to.include({ callId, byId: 'host' });
        }
      }, soon);
      const later = mateOf(manager, servers[1]);
      await eventually(() => expect(later.link.snapshot().move).to.include({ callId }), soon);
      await telephony.end(callId);
      const tooLate = mateOf(manager, servers[1]);
      await entered(tooLate);
      expect(tooLate.link.snapshot().move).to.equal(null);
    });

    it('once per key', async () => {
      const [callId, other] = [await liveCall(), await liveCall()];
      const socket = await socketOf(host);
      const key = randomUUID();
      const first = await move(socket, callId, key);
      expect(first).to.have.property('callId', callId);
      expect(await move(socket, callId, key)).to.deep.equal(first);
      expect(await move(socket, other, key)).to.equal('idempotency.reused');
      await Promise.all([telephony.end(callId), telephony.end(other)]);
    });

    it('and by nobody else, nor to where nobody may listen', async () => {
      const [callId, elsewhere] = [await liveCall(), await liveCall('electronics')];
      const [mine, hosts] = [await socketOf(manager), await socketOf(host)];
      expect(await move(mine, callId)).to.equal('ability.denied');
      expect(await move(hosts, elsewhere)).to.equal('scope.denied');
      expect(await move(hosts, 'call_unknown')).to.equal('not-found');
      await telephony.end(callId);
      expect(await move(hosts, callId)).to.equal('call.ended');
      const { callId: silent } = await telephony.open({ lineId: 'supermarket' });
      expect(await move(hosts, silent)).to.equal('listening.none-live');
      await Promise.all([telephony.end(elsewhere), telephony.end(silent)]);
    });
  });
});
