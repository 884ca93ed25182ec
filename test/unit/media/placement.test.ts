import { expect } from 'chai';
import {
  type HostLoad,
  hasRoomForListener,
  limitsFor,
  placeCall,
  placeListener,
  placementLimits,
} from '#media/placement.ts';

const load = (index: number, given: Partial<HostLoad> = {}): HostLoad => ({
  index,
  calls: 0,
  streams: 0,
  cpuPercent: 0,
  ...given,
});

describe('placing a call', () => {
  it('goes to the worker with the fewest streams', () => {
    expect(
      placeCall([load(0, { streams: 300 }), load(1, { streams: 120 }), load(2, { streams: 200 })]),
    ).to.have.property('index', 1);
  });

  it('goes by CPU where that is scarcer than streams', () => {
    expect(
      placeCall([load(0, { streams: 100, cpuPercent: 70 }), load(1, { streams: 300, cpuPercent: 20 })]),
    ).to.have.property('index', 1);
  });

  it('spreads calls evenly while the difference is noise, and takes the first of equals', () => {
    expect(placeCall([load(0, { calls: 1, cpuPercent: 0 }), load(1, { cpuPercent: 1.2 })])).to.have.property(
      'index',
      1,
    );
    expect(placeCall([load(0), load(1)])).to.have.property('index', 0);
  });

  it('refuses when every worker is at a limit, and when there is none', () => {
    expect(placeCall([])).to.equal(undefined);
    const full = [
      load(0, { streams: placementLimits.streamsForCalls }),
      load(1, { cpuPercent: placementLimits.cpuPercentForCalls }),
    ];
    expect(placeCall(full)).to.equal(undefined);
    expect(placeCall([...full, load(2, { streams: 899, cpuPercent: 79 })])).to.have.property('index', 2);
  });

  it('fills four workers with a thousand calls of two legs within one call of each other, then refuses', () => {
    let loads = [0, 1, 2, 3].map((index) => load(index));
    let placed = 0;
    for (;;) {
      const chosen = placeCall(loads);
      if (chosen === undefined) break;
      placed += 1;
      loads = loads.map((one) =>
        one === chosen ? { ...one, calls: one.calls + 1, streams: one.streams + 2 } : one,
      );
      const calls = loads.map((one) => one.calls);
      expect(Math.max(...calls) - Math.min(...calls)).to.be.at.most(1);
    }
    expect(placed).to.equal((4 * placementLimits.streamsForCalls) / 2);
  });

  it('lets listeners in up to their own limit, which lies above that for calls', () => {
    expect(hasRoomForListener(load(0, { streams: 1_098 }), 2)).to.equal(true);
    expect(hasRoomForListener(load(0, { streams: 1_099 }), 2)).to.equal(false);
    expect(hasRoomForListener(load(0, { cpuPercent: 92 }), 2)).to.equal(false);
    expect(placementLimits.streamsForListeners).to.be.greaterThan(placementLimits.streamsForCalls);
  });
});

describe('placing a listener', () => {
  const at = (loads: HostLoad[], heardOn: number[]) => placeListener(loads, heardOn, 2)?.index;

  it('stays at the call’s home while that is far from its limits, however empty the others are', () => {
    expect(at([load(0, { streams: 380 }), load(1)], [0])).to.equal(0);
  });

  it('goes to an emptier worker when home fills up, by streams or by CPU', () => {
    expect(at([load(0, { streams: 600 }), load(1, { streams: 100 })], [0])).to.equal(1);
    expect(at([load(0, { cpuPercent: 70 }), load(1, { cpuPercent: 10 })], [0])).to.equal(1);
    expect(at([load(0, { streams: 600 }), load(1, { streams: 500 })], [0]), 'not worth a pipe').to.equal(0);
  });

  it('fills the workers that have the call evenly before it opens another', () => {
    expect(
      at([load(0, { streams: 380 }), load(1, { streams: 300 }), load(2, { streams: 100 })], [0, 1]),
    ).to.equal(1);
  });

  it('goes elsewhere when home is full of streams, and nowhere when home has no CPU left to send it', () => {
    const full = load(0, { streams: placementLimits.streamsForListeners });
    expect(at([full, load(1, { streams: 900 })], [0])).to.equal(1);
    expect(at([load(0, { cpuPercent: 95 }), load(1)], [0])).to.equal(undefined);
    expect(at([full, load(1, { streams: 1_098 })], [0])).to.equal(undefined);
  });

  it('keeps a little back from new calls for listeners of ongoing ones, whatever a worker is given', () => {
    expect(limitsFor(placementLimits.streamsForListeners)).to.deep.equal(placementLimits);
    const small = limitsFor(440);
    expect(small).to.include({ streamsForListeners: 440, streamsForCalls: 360 });
    expect(placeListener([load(0, { streams: 439 })], [0], 2, small)).to.equal(undefined);
    expect(placeListener([load(0, { streams: 438 })], [0], 2, small)?.index).to.equal(0);
  });

  it('fills two workers to their limits with the listeners of one call, and not beyond', () => {
    let loads = [load(0, { calls: 1, streams: 2 }), load(1)];
    let heardOn = [0];
    let listeners = 0;
    for (;;) {
      const chosen = placeListener(loads, heardOn, 2);
      if (chosen === undefined) break;
      listeners += 1;
      const opens = !heardOn.includes(chosen.index);
      if (opens) heardOn = [...heardOn, chosen.index];
      loads = loads.map((one) => {
        // A new pipe goes out at home and comes in there.
        const piped = opens ? 2 : 0;
        return { ...one, streams: one.streams + piped + (one === chosen ? 2 : 0) };
      });
    }
    const limit = placementLimits.streamsForListeners;
    expect(loads.map(({ streams }) => streams)).to.deep.equal([limit, limit]);
    expect(listeners).to.equal(limit - 3);
  });
});
