import { expect } from 'chai';
import type { AnalysisTrack } from '#contract/analysis.ts';
import { ribbonEvents, thickness, voicePath } from '#web/ui/timeline/ribbon-model.ts';

const track: AnalysisTrack = {
  version: 1,
  durationMs: 10_000,
  speech: { agent: [[0, 3_000]], customer: [[4_000, 5_000]] },
  overlaps: [],
  interruptions: [{ atMs: 4_000, by: 'customer' }],
  deadAir: [[5_000, 9_000]],
  holds: [],
  arousal: { stepMs: 2_000, agent: [100, -100, null, null, null], customer: [null, null, 0, null, null] },
  raised: { agent: [[0, 2_000]], customer: [] },
  summary: {
    durationMs: 10_000,
    talk: { agentMs: 3_000, customerMs: 1_000, bothMs: 0, holdMs: 0, silenceMs: 6_000 },
    interruptions: { agent: 0, customer: 1 },
    response: { count: 0, medianMs: null, p90Ms: null },
    deadAir: { count: 1, totalMs: 4_000, longest: { fromMs: 5_000, toMs: 9_000 } },
    pace: { agent: null, customer: null },
    level: { agent: null, customer: null },
    raised: { agent: 1, customer: 0 },
  },
};

describe('The ribbon', () => {
  it('has what is worth going to in the order of time', () => {
    expect(ribbonEvents(track).map(({ kind, fromMs, by }) => [kind, fromMs, by])).to.deep.equal([
      ['raised', 0, 'agent'],
      ['interruption', 4_000, 'customer'],
      ['dead-air', 5_000, null],
    ]);
  });

  it('draws a line that is thick where a voice is stirred and thin where it is calm', () => {
    expect(thickness(100)).to.equal(1);
    expect(thickness(-100)).to.be.within(0.1, 0.3);
    expect(thickness(null)).to.equal(thickness(0));
    expect(voicePath(track, 'agent', 10, 8)).to.equal(
      'M0 10v-8.00H2000v16.00H0zM2000 10v-1.76H3000v3.52H2000z',
    );
    expect(voicePath(track, 'customer', 10, 8)).to.match(/^M4000 10v-3\.36H5000v6\.72H4000z$/);
  });
});
