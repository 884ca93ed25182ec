import { expect } from 'chai';
import { Metrics } from '#kernel/metrics.ts';

describe('Metrics', () => {
  it('read their gauges when they are asked for', async () => {
    const metrics = new Metrics();
    let calls = 1;
    metrics.gauge('calls', 'Live calls', [], () => calls);
    metrics.gauge('queue_depth', 'Jobs that wait', ['queue'], async () => [
      { labels: { queue: 'seal' }, value: 4 },
    ]);
    calls = 7;
    const text = await metrics.text();
    expect(text).to.include('\ncloud_listening_calls 7\n');
    expect(text).to.include('\ncloud_listening_queue_depth{queue="seal"} 4\n');
  });

  it('leave out a gauge that cannot be read, and count it', async () => {
    const metrics = new Metrics();
    metrics.gauge('coverage_ratio', 'Recorded ÷ call seconds', [], () => {
      throw new Error('the store is away');
    });
    await metrics.text();
    const text = await metrics.text();
    expect(text).to.not.match(/^cloud_listening_coverage_ratio /m);
    expect(text).to.match(/^cloud_listening_unreadable_gauges_total\{metric="coverage_ratio"\} [12]$/m);
  });

  it('forget a label that is no longer read', async () => {
    const metrics = new Metrics();
    let queues = ['a', 'b'];
    metrics.gauge('depth', 'Depth', ['queue'], () =>
      queues.map((queue) => ({ labels: { queue }, value: 1 })),
    );
    expect(await metrics.text()).to.include('{queue="b"}');
    queues = ['a'];
    expect(await metrics.text()).to.not.include('{queue="b"}');
  });
});
