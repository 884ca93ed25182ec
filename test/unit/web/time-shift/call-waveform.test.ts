import { expect } from 'chai';
import { CallWaveform } from '#web/domains/listening/time-shift/call-waveform.ts';

const answer = (fromMs: number, agent: number[], customer = agent.map(() => 0)) => ({
  fromMs,
  stepMs: 100 as const,
  agent: Uint8Array.from(agent),
  customer: Uint8Array.from(customer),
  edgeMs: fromMs + agent.length * 100,
  pauses: [],
});
const loud = (steps: number) => Array<number>(steps).fill(200);
const still = (steps: number) => Array<number>(steps).fill(10);

describe('A waveform that grows', () => {
  it('adds what came, and takes what came late for its place', () => {
    const waveform = new CallWaveform();
    waveform.add(answer(0, [1, 2, 3]));
    waveform.add(answer(200, [9, 4, 5], [7, 8, 9]));
    expect([...waveform.agent]).to.deep.equal([1, 2, 9, 4, 5]);
    expect([...waveform.customer]).to.deep.equal([0, 0, 7, 8, 9]);
    expect(waveform.knownMs).to.equal(500);
    waveform.add(answer(0, loud(5_000)));
    expect(waveform.knownMs).to.equal(500_000);
    expect(waveform.wantsFromMs).to.equal(498_000);
    waveform.clear();
    expect(waveform.knownMs).to.equal(0);
  });

  it('takes nothing that leaves a hole', () => {
    const waveform = new CallWaveform();
    waveform.add(answer(1_000, loud(10)));
    expect(waveform.knownMs).to.equal(0);
  });

  it('tells how much silence lies between two places', () => {
    const waveform = new CallWaveform();
    waveform.add(answer(0, [...loud(10), ...still(20), ...loud(10), ...still(2), ...loud(8)]));
    // 2 s, of which 150 ms are left; the breath of 200 ms stays.
    expect(waveform.silenceBetween(0, 5_000)).to.equal(1_850);
    expect(waveform.silenceBetween(3_000, 5_000)).to.equal(0);
    expect(waveform.silentShare).to.equal(0.37);
  });

  it('finds no silence where the other one speaks', () => {
    const waveform = new CallWaveform();
    waveform.add(answer(0, still(50), loud(50)));
    expect(waveform.silenceBetween(0, 5_000)).to.equal(0);
  });
});
