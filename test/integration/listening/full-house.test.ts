import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import type { Slot } from '#contract/seats.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { eventually } from '#support/eventually.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { crowd, seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const codeOf = (thrown: unknown) => (thrown instanceof ApiError ? thrown.code : String(thrown));
/** Legs of each of three calls: of the 20 streams that the worker is given, two listeners' are left. */
const legs = (['agent', 'agent', 'customer', 'customer'] as const).map((role) => ({
  role,
  codec: 'PCMU' as const,
}));

describe('A house that is full', function () {
  this.timeout(60_000);
  let server: ServerProcess;
  let mongo: MongoClient;
  let slot: Slot;
  let calls: string[];
  let rooms: RoomClient[];
  const sendings: Sending[] = [];

  before(async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL, crowd(4, 'supermarket', 'host'));
    mongo = await MongoClient.connect(stores.MONGODB_URL);
    server = await startServer(stores, { MEDIA_WORKERS: '1', MEDIA_WORKER_STREAMS: '20' });
    const telephony = new TelephonyClient(server.url, testTelephonyKey);
    const people = await Promise.all([1, 2, 3, 4].map((n) => PersonClient.signIn(server.url, `crowd-${n}`)));
    const startsAt = Math.floor(Date.now() / 300_000) * 300_000;
    const plan = { lineId: 'supermarket', startsAt, endsAt: startsAt + 3_600_000, seats: 2 };
    slot = await people[0]!.seats.plan(plan);
    const opened = await Promise.all([1, 2, 3].map(() => telephony.open({ lineId: 'supermarket', legs })));
    calls = opened.map(({ callId }) => callId);
    for (const leg of opened.flatMap((call) => call.legs)) {
      sendings.push(sendTone({ to: leg, hz: leg.role === 'agent' ? 440 : 880, seconds: 60 }));
    }
    for (const callId of calls) {
      await eventually(async () => expect((await telephony.show(callId)).state).to.equal('live'));
    }
    rooms = await Promise.all(people.map((person) => RoomClient.open(person, slot.id)));
    for (const room of rooms) await room.enter();
  });
  after(async () => {
    for (const room of rooms ?? []) room.close();
    await Promise.all(sendings.map((sending) => sending.stop()));
    await mongo?.close();
    await server?.stop();
  });

  const hearings = () => mongo.db().collection('hearings').countDocuments();

  it('tells who does not fit, writes nothing down about them, and lets everybody hear on', async () => {
    const [first, second, third, fourth] = rooms;
    const both = await Promise.all([first!.listen(calls[0]!), second!.listen(calls[1]!)]);
    expect(await third!.ask(calls[0]!).catch(codeOf)).to.equal('media.full');
    expect(await fourth!.ask(calls[2]!).catch(codeOf)).to.equal('media.full');
    expect(await hearings()).to.equal(2);
    for (const { ears: one } of both) {
      one.forget();
      await eventually(() => {
        for (const { packets, lost } of one.streams) {
          expect(packets).to.be.above(20);
          expect(lost).to.equal(0);
        }
      });
    }
  });

  it('lets those who hear change to another call, and takes the next one when somebody left', async () => {
    const [first, second, third] = rooms;
    const moved = await first!.listen(calls[2]!);
    await eventually(() => expect(moved.ears.packets).to.be.above(20));
    expect(await third!.ask(calls[0]!).catch(codeOf)).to.equal('media.full');
    await second!.stop();
    const late = await eventually(() => third!.listen(calls[0]!));
    await eventually(() => expect(late.ears.packets).to.be.above(20));
  });
});
