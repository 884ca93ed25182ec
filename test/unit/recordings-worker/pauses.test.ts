import { expect } from 'chai';
import { gapsOf, type Span, withheldPackets } from '#worker/seal/gaps.ts';
import type { LegTimeline } from '#worker/seal/timeline.ts';

const startMs = 1_760_000_000_000;

/** A leg of 8 kHz with these holes, in ms of the recording; `missing` packets each. */
function timeline(...holes: { fromMs: number; toMs: number; missing: number }[]): LegTimeline {
  return {
    clockRate: 8_000,
    startMs,
    order: new Uint32Array(),
    position: new Float64Array(),
    missing: new Uint16Array(),
    length: 800_000,
    holes: holes.map(({ fromMs, toMs, missing }) => ({
      from: fromMs * 8,
      to: toMs * 8,
      lost: missing > 0,
      missing,
    })),
    lost: holes.reduce((sum, { missing }) => sum + missing, 0),
    runs: 1,
    driftPpm: 0,
  };
}
const span = (fromMs: number, toMs: number): Span => ({ fromMs: startMs + fromMs, toMs: startMs + toMs });
const gaps = (leg: LegTimeline, pauses: Span[], holds: Span[] = []) =>
  gapsOf({ role: 'agent', timeline: leg, holds, dropped: [], pauses, recordingStartMs: startMs }).map(
    ({ fromMs, toMs, cause }) => [fromMs, toMs, cause],
  );

describe('a pause in a recording', () => {
  it('explains the hole that it made, with the packet’s edges', () => {
    const leg = timeline({ fromMs: 1_980, toMs: 5_020, missing: 152 });
    expect(gaps(leg, [span(2_000, 5_000)])).to.deep.equal([[1_980, 5_020, 'pause']]);
  });

  it('leaves to a hold, and to the network, what was before and after it', () => {
    const leg = timeline(
      { fromMs: 1_000, toMs: 9_000, missing: 400 },
      { fromMs: 12_000, toMs: 12_100, missing: 5 },
    );
    expect(gaps(leg, [span(4_000, 6_000)], [span(1_000, 4_500)])).to.deep.equal([
      [1_000, 4_000, 'hold'],
      [4_000, 6_000, 'pause'],
      [6_000, 9_000, 'loss'],
      [12_000, 12_100, 'loss'],
    ]);
  });

  it('takes two pauses in one hole for two, and one that never ended to its end', () => {
    const leg = timeline({ fromMs: 1_000, toMs: 9_000, missing: 400 });
    expect(gaps(leg, [span(6_000, Number.POSITIVE_INFINITY), span(1_000, 3_000)])).to.deep.equal([
      [1_000, 3_000, 'pause'],
      [3_000, 6_000, 'loss'],
      [6_000, 9_000, 'pause'],
    ]);
  });

  it('is no loss: what was kept from the recorder is not counted as lost', () => {
    const leg = timeline(
      { fromMs: 2_000, toMs: 5_000, missing: 150 },
      { fromMs: 12_000, toMs: 12_100, missing: 5 },
    );
    expect(leg.lost - withheldPackets(leg, [span(2_000, 5_000)])).to.equal(5);
  });
});
