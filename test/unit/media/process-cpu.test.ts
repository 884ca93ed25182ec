import { expect } from 'chai';
import { processCpuTicks } from '#media/process-cpu.ts';
import { eventually } from '#support/eventually.ts';

describe('the CPU time of a process', () => {
  it('grows while the process works', async () => {
    const before = (await processCpuTicks(process.pid))!;
    expect(before).to.be.a('number');
    await eventually(async () => {
      for (let i = 0; i < 5_000_000; i++) Math.sqrt(i);
      expect(await processCpuTicks(process.pid)).to.be.greaterThan(before);
    });
  });

  it('is unknown of a process that does not exist', async () => {
    expect(await processCpuTicks(2 ** 30)).to.equal(undefined);
  });
});
