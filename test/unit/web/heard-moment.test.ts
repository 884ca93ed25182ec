import { expect } from 'chai';
import type { Call } from '#contract/calls.ts';
import { noteServerTime, serverNow } from '#web/app/server-clock.ts';
import { earLagMs, heardOffset } from '#web/domains/bookmarks/heard-moment.ts';
import { moveEnd, spanAround } from '#web/domains/clips/clip-span.ts';
import { beforeEntering, type ListeningState } from '#web/domains/listening/listening-state.ts';

const line = {
  ...{ roundTripMs: 80, jitterMs: 3, lossRatio: 0, packets: 100, receivedPackets: 100, bufferMs: 45 },
};

describe('The moment that is heard', () => {
  const session = (context: object | null, playheadMs: number | null = null) =>
    ({ mixer: { context }, shift: { heardMs: () => playheadMs } }) as never;
  const state = (change: Partial<ListeningState>): ListeningState => ({ ...beforeEntering, ...change });
  const call = (startedAt: number, endedAt: number | null = null) => ({ startedAt, endedAt }) as Call;

  it('is behind live by half the way, the jitter buffer and the machine’s own output', () => {
    expect(earLagMs(line, null)).to.equal(85);
    expect(earLagMs(line, { baseLatency: 0.01, outputLatency: 0.025 })).to.be.closeTo(120, 0.001);
    expect(earLagMs(null, { outputLatency: Number.NaN })).to.equal(0);
    expect(earLagMs(null, { outputLatency: 3 }), 'no output is that slow').to.equal(500);
  });

  it('is told by the server’s clock, however wrong this machine’s is', () => {
    const now = Date.now();
    // Asked over a line of 200 ms: the answer's clock is half of it old.
    noteServerTime(now + 7_000 - 100, now - 200, now);
    expect(serverNow() - Date.now()).to.be.closeTo(7_000, 20);
    // A slower answer knows no better.
    noteServerTime(now + 9_000, now - 2_000, now);
    expect(serverNow() - Date.now()).to.be.closeTo(7_000, 20);
    noteServerTime(now + 10, now, now + 20);
    expect(serverNow() - Date.now()).to.be.closeTo(0, 20);
  });

  it('is the playhead for those who hear from before, and never beyond the call’s end', () => {
    const now = serverNow();
    const live = heardOffset(session(null), state({ call: call(now - 30_000), line }));
    expect(live).to.be.closeTo(30_000 - 85, 30);
    const shift = { playheadMs: 4_000 } as ListeningState['shift'];
    expect(heardOffset(session(null, 4_120), state({ call: call(now - 30_000), shift }))).to.equal(4_120);
    const over = state({ call: call(now - 30_000, now - 20_000) });
    expect(heardOffset(session(null), over)).to.equal(10_000);
    expect(heardOffset(session(null), state({ call: call(now + 5_000) }))).to.equal(0);
    expect(heardOffset(session(null), state({}))).to.equal(null);
  });
});

describe('The span of a clip that is being made', () => {
  it('is 20 s to either side of a mark, within the call', () => {
    expect(spanAround(60_000, 120_000)).to.deep.equal({ fromMs: 40_000, toMs: 80_000 });
    expect(spanAround(5_000, 120_000)).to.deep.equal({ fromMs: 0, toMs: 25_000 });
    expect(spanAround(119_000, 120_000)).to.deep.equal({ fromMs: 99_000, toMs: 120_000 });
    expect(spanAround(60_000, null)).to.deep.equal({ fromMs: 40_000, toMs: 80_000 });
  });

  it('keeps the other end when one is dragged, and stays a clip', () => {
    const span = { fromMs: 40_000, toMs: 80_000 };
    expect(moveEnd(span, 'from', 50_000, 120_000)).to.deep.equal({ fromMs: 50_000, toMs: 80_000 });
    expect(moveEnd(span, 'from', 90_000, 120_000)).to.deep.equal({ fromMs: 79_000, toMs: 80_000 });
    expect(moveEnd(span, 'from', -10, 120_000)).to.deep.equal({ fromMs: 0, toMs: 80_000 });
    expect(moveEnd(span, 'to', 10, 120_000)).to.deep.equal({ fromMs: 40_000, toMs: 41_000 });
    expect(moveEnd(span, 'to', 500_000, 120_000)).to.deep.equal({ fromMs: 40_000, toMs: 120_000 });
    expect(moveEnd(span, 'to', 5_000_000, 3_600_000)).to.deep.equal({ fromMs: 40_000, toMs: 640_000 });
  });
});
