import { expect } from 'chai';
import { hearingsEndpoints } from '#contract/hearings.ts';
import { meetingsEndpoints } from '#contract/meetings.ts';
import { createLog } from '#kernel/log.ts';
import { connectMongo, type MongoConnection } from '#kernel/mongo.ts';
import { seedMeeting } from '#scripts/demo-data/meetings.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { archiveSpoken, spokenCall } from '#support/spoken-archive.ts';
import { freshStores } from '#support/stack.ts';

describe('The demo’s meeting', function () {
  this.timeout(90_000);
  let mongo: MongoConnection;
  let server: ServerProcess;

  before(async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    mongo = await connectMongo(stores.MONGODB_URL, createLog('test', 'error'));
    await seedMeeting(mongo, Date.now());
    expect(await mongo.collection('meetings').countDocuments(), 'nothing to meet about yet').to.equal(0);
    await archiveSpoken(
      stores,
      [1, 2].map((number) => spokenCall(number, { seconds: 40 })),
    );
    for (let time = 0; time < 2; time++) await seedMeeting(mongo, Date.now());
    server = await startServer(stores, { ANALYSIS: 'off' });
  });
  after(async () => {
    await server?.stop();
    await mongo?.close();
  });

  it('was held about two calls, with notes, and with actions of which one is late', async () => {
    const manager = await PersonClient.signIn(server.url, 'supermarket-manager');
    const { meetings } = await manager.api.call(meetingsEndpoints.list);
    expect(meetings.map(({ state, items, openActions }) => ({ state, items, openActions }))).to.deep.equal([
      { state: 'held', items: 2, openActions: 2 },
    ]);
    const params = { id: meetings[0]!.id };
    const meeting = await manager.api.call(meetingsEndpoints.show, { params });
    expect(meeting.agenda.every(({ note, picture }) => note !== '' && picture !== null)).to.equal(true);
    expect(meeting.actions.map(({ state, overdue }) => `${state} ${overdue}`)).to.have.members([
      'open false',
      'open true',
      'done false',
    ]);
    const item = { ...params, itemId: meeting.agenda[0]!.id };
    const sound = await manager.api.call(meetingsEndpoints.audio, { params: item });
    expect([sound.fromMs, sound.toMs], 'from the recording, as no clip was cut').to.deep.equal([
      4_000, 34_000,
    ]);
    const outside = await PersonClient.signIn(server.url, 'delivery-director');
    const refused = await outside.api
      .call(meetingsEndpoints.audio, { params: item })
      .catch((error: unknown) => (error instanceof ApiError ? error.code : String(error)));
    expect(refused, 'a whole recording is for those in whose scope it is').to.equal('scope.denied');
  });

  it('was heard by those who were there, and the agent is told so', async () => {
    const agent = await PersonClient.signIn(server.url, 'agent-1');
    const { hearings, days } = await agent.api.call(hearingsEndpoints.ofMe);
    expect(hearings.filter(({ way }) => way === 'meeting').length).to.be.above(6);
    expect(days.map(({ calls }) => calls)).to.include(2);
  });
});
