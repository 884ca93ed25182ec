import { expect } from 'chai';
import { PacketIndex } from '#worker/seal/packet-index.ts';
import { placePackets } from '#worker/seal/timeline.ts';

const startMs = 1_760_000_000_000;
const hour = 3_600_000;

/** Numbers in [0, 1), the same every time. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

interface Source {
  /** What its clock is off: +200 counts too slowly, parts per million. */
  readonly ppm: number;
  readonly clockRate?: number;
  readonly durationMs?: number;
  /** ms that the network delays a packet sent at `sinceStartMs`. */
  readonly delay?: (sinceStartMs: number) => number;
  /** ms that the source's clock jumps ahead at a time. */
  readonly steps?: readonly { atMs: number; byMs: number }[];
  /** Spans in which it sends nothing, its clock counting on. */
  readonly pauses?: readonly { fromMs: number; toMs: number }[];
  readonly loss?: (sinceStartMs: number) => boolean;
}

/**
 * An hour of 20-ms packets from a source with a clock of its own, as the recorder sees them, and when each was sent
 * by a right clock, ms since the start.
 */
function spooled(source: Source): { index: PacketIndex; sentMs: number[] } {
  const { ppm, clockRate = 8_000, durationMs = hour, delay = () => 0 } = source;
  const index = new PacketIndex();
  const frame = clockRate / 50;
  const truth = 20 * (1 + ppm / 1_000_000);
  const sent: { at: number; arrival: number; timestamp: number; sequence: number }[] = [];
  let timestamp = 0xfff0_0000;
  let sequence = 65_000;
  let stepped = 0;
  for (let at = 0; at < durationMs; at += truth) {
    const step = source.steps?.[stepped];
    if (step && at >= step.atMs) {
      timestamp += (step.byMs * clockRate) / 1_000;
      stepped += 1;
    }
    if (!source.pauses?.some(({ fromMs, toMs }) => at >= fromMs && at < toMs)) {
      if (!source.loss?.(at)) sent.push({ at, arrival: at + delay(at), timestamp, sequence });
      sequence += 1;
    }
    timestamp += frame;
  }
  const arrived = [...sent].sort((a, b) => a.arrival - b.arrival);
  for (const one of arrived) {
    index.add({
      arrivalMs: Math.round(startMs + one.arrival),
      timestamp: one.timestamp >>> 0,
      ssrc: 77,
      sequence: one.sequence & 0xffff,
      file: 0,
      payloadPosition: 0,
      payloadLength: frame,
      duration: frame,
    });
  }
  return { index, sentMs: arrived.map(({ at }) => at) };
}

/** How far from its place each packet was put, ms; late is positive. */
function errors(source: Source): { worst: number; last: number; ppm: number; holes: number; runs: number } {
  const { clockRate = 8_000 } = source;
  const { index, sentMs } = spooled(source);
  const timeline = placePackets(index, clockRate)!;
  let worst = 0;
  let last = 0;
  timeline.order.forEach((packet, i) => {
    last = timeline.startMs + (timeline.position[i]! * 1_000) / clockRate - startMs - sentMs[packet]!;
    if (Math.abs(last) > Math.abs(worst)) worst = last;
  });
  const { driftPpm: ppm, runs } = timeline;
  return { worst, last, ppm, holes: timeline.holes.length, runs };
}

const jitter = (seed: number, ms: number) => {
  const next = dice(seed);
  return () => next() * ms;
};

/** Each leg within this of the right time: two of them stay within 40 ms of each other. */
const allowed = 20;

describe('a source whose clock is not right', function () {
  this.timeout(20_000);

  for (const ppm of [200, -200, 35, -90]) {
    it(`stays in its place for an hour (${ppm} ppm)`, () => {
      const found = errors({ ppm, delay: jitter(5, 30) });
      expect(Math.abs(found.worst)).to.be.below(3);
      expect(found).to.include({ holes: 0, runs: 1 });
      expect(found.ppm).to.be.closeTo(ppm, 3);
    });
  }

  it('is left alone when it is right, to the last tick', () => {
    const { index } = spooled({ ppm: 0, delay: jitter(6, 40) });
    const timeline = placePackets(index, 8_000)!;
    expect(timeline.driftPpm).to.equal(0);
    expect(timeline.position.every((at, i) => at === i * 160)).to.be.true;
  });

  it('is told from a network that is busy for minutes', () => {
    const noise = jitter(7, 25);
    // A third of the time 120 ms more, also at the very end.
    const delay = (at: number) => noise() + ((at / 60_000) % 9 > 6 || at > hour - 240_000 ? 120 : 0);
    for (const ppm of [200, -200]) {
      const found = errors({ ppm, delay });
      expect(Math.abs(found.worst)).to.be.below(allowed);
      expect(found.ppm).to.be.closeTo(ppm, 5);
    }
  });

  it('is told from bursts: packets held back for up to 900 ms and let go at once', () => {
    const noise = jitter(8, 20);
    const next = dice(9);
    const bursts: { from: number; to: number }[] = [];
    for (let at = 5_000; at < hour; at += 2_000 + next() * 20_000)
      bursts.push({ from: at, to: at + next() * 900 });
    let current = 0;
    const delay = (at: number) => {
      while (current < bursts.length && bursts[current]!.to < at) current += 1;
      const burst = bursts[current];
      return burst && at >= burst.from ? burst.to - at + noise() / 4 : noise();
    };
    for (const ppm of [200, -200]) {
      current = 0;
      const found = errors({ ppm, delay });
      expect(Math.abs(found.worst)).to.be.below(allowed);
      expect(found.ppm).to.be.closeTo(ppm, 5);
    }
  });

  for (const byMs of [400, -400, 700]) {
    it(`may step by ${byMs} ms in the middle of the hour`, () => {
      const steps = [{ atMs: 1_500_000, byMs }];
      const found = errors({ ppm: 150, steps, delay: jitter(10, 30) });
      // A clock that is set back says that packets are from before: they are put where they arrived.
      expect(Math.abs(found.worst)).to.be.below(allowed);
      expect(found.ppm).to.be.closeTo(150, 5);
    });
  }

  it('keeps its drift through pauses, loss and wraps, in Opus ticks too', () => {
    const pauses = Array.from({ length: 50 }, (_, i) => ({
      fromMs: i * 70_000 + 10_000,
      toMs: i * 70_000 + 10_000 + (i % 7) * 4_000,
    }));
    const lose = dice(12);
    for (const ppm of [200, -200]) {
      const found = errors({
        ppm,
        clockRate: 48_000,
        pauses,
        delay: jitter(11, 60),
        loss: () => lose() < 0.05,
      });
      expect(Math.abs(found.worst)).to.be.below(allowed);
      expect(found.ppm).to.be.closeTo(ppm, 5);
    }
  });

  it('is not guessed at from less than a minute', () => {
    const found = errors({ ppm: 200, durationMs: 50_000, delay: jitter(13, 30) });
    expect(found.ppm).to.equal(0);
    expect(Math.abs(found.worst)).to.be.below(allowed);
  });
});
