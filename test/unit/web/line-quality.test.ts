import { expect } from 'chai';
import { gradeOf, LineMeter, type LineSample } from '#web/domains/listening/line-quality.ts';

/** A stats report as browsers give it: entries by id (W3C webrtc-stats). */
function report(...entries: ({ id: string; type: string } & Record<string, unknown>)[]) {
  return new Map(entries.map((entry) => [entry.id, entry]));
}

const stream = (id: string, packetsReceived: number, packetsLost = 0, jitter = 0.004) => ({
  id,
  type: 'inbound-rtp',
  packetsReceived,
  packetsLost,
  jitter,
});
const pair = (id: string, currentRoundTripTime: number | undefined, nominated = true) => ({
  id,
  type: 'candidate-pair',
  nominated,
  ...(currentRoundTripTime !== undefined && { currentRoundTripTime }),
});

describe('The line meter', () => {
  it('counts what came since the last look, over all legs, and since the beginning', () => {
    const meter = new LineMeter();
    expect(meter.sample(report(stream('agent', 100), stream('customer', 90)))).to.include({
      packets: 190,
      receivedPackets: 190,
    });
    expect(meter.sample(report(stream('agent', 200), stream('customer', 190)))).to.include({
      packets: 200,
      receivedPackets: 390,
    });
  });

  it('gives loss as the share of what was sent since the last look', () => {
    const meter = new LineMeter();
    meter.sample(report(stream('agent', 1_000, 500)));
    const { lossRatio } = meter.sample(report(stream('agent', 1_095, 505)));
    expect(lossRatio).to.be.closeTo(0.05, 1e-9);
  });

  it('calls no packet at all no loss', () => {
    const meter = new LineMeter();
    meter.sample(report(stream('agent', 100)));
    expect(meter.sample(report(stream('agent', 100)))).to.include({ packets: 0, lossRatio: 0 });
  });

  it('is not thrown off by packets that were given up and came late after all', () => {
    const meter = new LineMeter();
    meter.sample(report(stream('agent', 100, 10)));
    expect(meter.sample(report(stream('agent', 210, 0))).lossRatio).to.equal(0);
  });

  it('keeps counting when a leg leaves or another comes', () => {
    const meter = new LineMeter();
    meter.sample(report(stream('agent', 1_000), stream('customer', 1_000)));
    expect(meter.sample(report(stream('customer', 1_100)))).to.include({
      packets: 100,
      receivedPackets: 2_100,
    });
    expect(meter.sample(report(stream('customer', 1_200), stream('bot', 40)))).to.include({
      packets: 140,
      receivedPackets: 2_240,
    });
  });

  it('tells jitter of the unsteadiest leg and round trip in whole milliseconds', () => {
    const sample = new LineMeter().sample(
      report(stream('agent', 50, 0, 0.0021), stream('customer', 50, 0, 0.0187), pair('pair', 0.0383)),
    );
    expect(sample).to.include({ jitterMs: 19, roundTripMs: 38 });
  });

  it('takes the round trip of the pair in use, not of one from before an ICE restart', () => {
    const before = pair('before', 0.9);
    const now = pair('now', 0.02);
    const transport = { id: 'transport', type: 'transport', selectedCandidatePairId: 'now' };
    expect(new LineMeter().sample(report(before, now, transport)).roundTripMs).to.equal(20);
    // Firefox names no pair on the transport: the last nominated one is the youngest.
    expect(new LineMeter().sample(report(before, now)).roundTripMs).to.equal(20);
  });

  it('tells how long sound waits in the jitter buffer now, not since the beginning', () => {
    const meter = new LineMeter();
    const waiting = (jitterBufferDelay: number, jitterBufferEmittedCount: number) => ({
      ...{ id: 'agent', type: 'inbound-rtp', packetsReceived: 50, packetsLost: 0 },
      ...{ jitterBufferDelay, jitterBufferEmittedCount },
    });
    expect(meter.sample(report(waiting(4_800, 48_000))).bufferMs).to.equal(100);
    expect(meter.sample(report(waiting(6_720, 96_000))).bufferMs).to.equal(40);
    expect(meter.sample(report(waiting(6_720, 96_000))).bufferMs).to.equal(0);
  });

  it('says so when the round trip is not known', () => {
    expect(new LineMeter().sample(report(stream('agent', 50))).roundTripMs).to.equal(null);
    expect(new LineMeter().sample(report(pair('pair', undefined))).roundTripMs).to.equal(null);
  });

  it('reads an empty report as nothing', () => {
    expect(new LineMeter().sample(new Map())).to.deep.equal({
      roundTripMs: null,
      jitterMs: 0,
      lossRatio: 0,
      packets: 0,
      receivedPackets: 0,
      bufferMs: 0,
    });
  });
});

describe('The grade of a line', () => {
  const fine: LineSample = {
    roundTripMs: 38,
    jitterMs: 4,
    lossRatio: 0,
    packets: 200,
    receivedPackets: 4_000,
    bufferMs: 40,
  };

  it('is good when nothing is noticed', () => {
    expect(gradeOf(fine)).to.equal('good');
    expect(gradeOf({ ...fine, roundTripMs: 200, jitterMs: 30, lossRatio: 0.01 })).to.equal('good');
    expect(gradeOf({ ...fine, roundTripMs: null })).to.equal('good');
  });

  it('is fair from the first thing that is noticed', () => {
    expect(gradeOf({ ...fine, lossRatio: 0.011 })).to.equal('fair');
    expect(gradeOf({ ...fine, jitterMs: 31 })).to.equal('fair');
    expect(gradeOf({ ...fine, roundTripMs: 201 })).to.equal('fair');
  });

  it('is poor when words get lost or the delay is felt', () => {
    expect(gradeOf({ ...fine, lossRatio: 0.051 })).to.equal('poor');
    expect(gradeOf({ ...fine, jitterMs: 61 })).to.equal('poor');
    expect(gradeOf({ ...fine, roundTripMs: 401 })).to.equal('poor');
  });

  it('is silent when nothing comes, however good the figures look', () => {
    expect(gradeOf({ ...fine, packets: 0 })).to.equal('silent');
  });
});
