import { expect } from 'chai';
import type { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

describe('The operations overview', function () {
  this.timeout(30_000);
  let server: ServerProcess;

  before(async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    server = await startServer(stores);
  });
  after(() => server?.stop());

  it('says which services are up, and that nothing records while no recorder runs', async () => {
    const admin = await PersonClient.signIn(server.url, 'admin');
    const overview = await admin.operations.overview();
    const states = Object.fromEntries(overview.services.map(({ name, state }) => [name, state]));
    expect(states).to.include({ recorder: 'down' });
    expect(states.mongodb).to.be.oneOf(['up', 'slow']);
    expect(states.redis).to.be.oneOf(['up', 'slow']);
    expect(overview.media, 'one media worker, as this server was told').to.have.length(1);
    expect(overview.coverageToday).to.deep.equal({
      calls: 0,
      callSeconds: 0,
      recordedSeconds: 0,
      ratio: null,
    });
    expect(overview.liveCalls).to.deep.equal([]);
  });

  it('is for those who look after the programme', async () => {
    for (const persona of ['supermarket-manager', 'cx', 'agent-1', 'mother-baby-owner']) {
      const person = await PersonClient.signIn(server.url, persona);
      const code = await person.operations.overview().catch((error: ApiError) => error.code);
      expect(code, persona).to.equal('ability.denied');
    }
    await (await PersonClient.signIn(server.url, 'host')).operations.overview();
  });
});
