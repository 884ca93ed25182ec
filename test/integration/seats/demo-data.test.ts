import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

const program = fileURLToPath(import.meta.resolve('#scripts/demo-data/main.ts'));
const run = promisify(execFile);
const day = 24 * 3_600_000;

describe('The demo data', function () {
  this.timeout(60_000);
  let stores: StackEnv;
  let server: ServerProcess;
  let output: string;

  const seed = async () =>
    (await run(process.execPath, [program], { env: { ...process.env, ...stores } })).stdout;

  before(async () => {
    stores = await freshStores();
    output = await seed();
    server = await startServer(stores);
  });
  after(() => server?.stop());

  it('tells how far it is, as JSON lines that end complete', () => {
    const lines = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { progress: string; done: number; of: number });
    for (const { progress, done, of } of lines) {
      expect(progress).to.be.a('string');
      expect(done).to.be.at.most(of);
    }
    const ends = new Map(lines.map(({ progress, done, of }) => [progress, done === of]));
    expect([...ends.values()]).to.not.include(false);
    expect([...ends.keys()]).to.include.members(['company', 'slots', 'reservations']);
  });

  it('lets a newcomer book a seat on any line at this hour and take it at once', async () => {
    const executive = await PersonClient.signIn(server.url, 'retail-executive');
    const now = Date.now();
    const { lines } = await executive.businesses.lines();
    expect(lines).to.have.length(5);
    for (const { id: lineId } of lines) {
      const { slots } = await executive.seats.week({ from: now, to: now + 1, lineId });
      expect(slots, lineId).to.have.length(1);
      const [slot] = slots;
      if (!slot) continue;
      expect(slot.taken).to.be.below(slot.seats);
      const reservation = await executive.seats.reserve(slot);
      expect((await executive.seats.checkIn(reservation)).state).to.equal('checked-in');
    }
  });

  it('has a past with visits and weeks with bookings', async () => {
    const host = await PersonClient.signIn(server.url, 'host');
    const now = Date.now();
    const past = (await host.seats.week({ from: now - 13 * day, to: now })).slots;
    const coming = (await host.seats.week({ from: now, to: now + 13 * day })).slots;
    const taken = (slots: typeof past) => slots.reduce((sum, slot) => sum + slot.taken, 0);
    expect(taken(past)).to.be.above(20);
    expect(taken(coming)).to.be.above(5);
    expect(new Set(coming.map(({ hostName }) => hostName?.en))).to.deep.equal(new Set(['Xu Ran']));
  });

  it('seeded again changes nothing', async () => {
    const host = await PersonClient.signIn(server.url, 'host');
    const span = { from: Date.now() - 13 * day, to: Date.now() + 13 * day };
    const before = await host.seats.week(span);
    await seed();
    expect((await host.seats.week(span)).slots).to.deep.equal(before.slots);
  });
});
