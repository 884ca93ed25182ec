import { expect } from 'chai';
import { FaultWorld } from '../faults/fault-world.ts';
import { account, killAndRestart, killDuring } from '../faults/faults.ts';
import { type FaultCall, Traffic } from '../faults/traffic.ts';

/** A thin slice of `npm run test:faults`: there each fault strikes twenty times, here twice. */
describe('A recordings worker that is killed at any moment', function () {
  this.timeout(120_000);
  let world: FaultWorld;
  const calls: FaultCall[] = [];

  before(async () => {
    world = await FaultWorld.start({ copies: '2', workers: 2 });
  });
  after(() => world?.stop());

  it('strikes while calls are captured', async () => {
    const traffic = new Traffic(world, 3, [2, 4]);
    for (let moment = 0; moment < 2; moment++) {
      await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 1_500));
      await killAndRestart(world.recorders[moment]!);
    }
    await traffic.stop();
    calls.push(...traffic.calls);
  });

  for (const stage of ['sealing', 'uploading', 'verifying'] as const) {
    it(`strikes while a call is at its ${stage}`, async () => {
      expect(await killDuring(stage, 2, world, calls)).to.equal(2);
    });
  }

  it('has cost no packet of any call, as two record each', async () => {
    const row = await account('all of them', 8, world, calls, { gapMs: 0, settleMs: 60_000 });
    expect({ broken: row.broken, stuck: row.stuck }).to.deep.equal({ broken: [], stuck: [] });
    expect(row.archived).to.equal(row.sent).and.to.be.greaterThan(1_000);
  });
});
