import { expect } from 'chai';
import { ShiftPlayback } from '#web/domains/listening/time-shift/shift-playback.ts';
import { energyOf, frequencyNear, sine } from './sound.ts';

const rate = 48_000;
const block = 128;

/** A call of two voices that is all there. */
function playbackOf(
  agent: Float32Array,
  customer: Float32Array = new Float32Array(agent.length),
): ShiftPlayback {
  const playback = new ShiftPlayback(rate);
  playback.write('agent', 0, agent);
  playback.write('customer', 0, customer);
  playback.cover(0, agent.length);
  playback.endMs = (agent.length / rate) * 1000;
  return playback;
}

/** What comes out until the call is over, `seconds` at most. */
function play(playback: ShiftPlayback, seconds: number): { agent: Float32Array; customer: Float32Array } {
  const blocks = Math.ceil((seconds * rate) / block);
  const agent = new Float32Array(blocks * block);
  const customer = new Float32Array(blocks * block);
  let made = 0;
  while (made < blocks && playback.report().state !== 'over') {
    const at = made * block;
    playback.render({ agent: agent.subarray(at, at + block), customer: customer.subarray(at, at + block) });
    made += 1;
  }
  return { agent: agent.subarray(0, made * block), customer: customer.subarray(0, made * block) };
}

/** Beeps of 100 ms at every multiple of a time. */
function beeps(everyMs: number, seconds: number): Float32Array {
  const samples = sine(1_000, seconds, rate);
  return samples.map((sample, index) => (((index / rate) * 1000) % everyMs < 100 ? sample : 0));
}

/** Where beeps begin and end, ms. */
function foundBeeps(samples: Float32Array): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  samples.forEach((sample, index) => {
    if (Math.abs(sample) < 0.15) return;
    const ms = (index / rate) * 1000;
    const last = found.at(-1);
    if (last && ms - last.to < 20) last.to = ms;
    else found.push({ from: ms, to: ms });
  });
  return found;
}

describe('The playback of what was kept of a call', () => {
  it('is the call itself at single speed, sample for sample', () => {
    const said = sine(440, 1, rate);
    const { agent, customer } = play(playbackOf(said), 2);
    // But for the first milliseconds, which fade in.
    const [from, to] = [480, said.length - rate / 50];
    const farthest = said
      .subarray(from, to)
      .reduce((most, sample, index) => Math.max(most, Math.abs(sample - agent[from + index]!)), 0);
    expect(farthest).to.be.lessThan(1e-4);
    expect(energyOf(customer)).to.equal(0);
  });

  for (const speed of [1.25, 1.5, 1.75, 2]) {
    it(`keeps every pitch at ${speed} times the speed, and takes its share of the time`, () => {
      for (const hz of [110, 440, 1_000, 2_600]) {
        const playback = playbackOf(sine(hz, 4, rate), sine(hz * 1.3, 4, rate));
        playback.speed = speed;
        const { agent, customer } = play(playback, 5);
        expect(agent.length / rate).to.be.closeTo(4 / speed, (4 / speed) * 0.02);
        const middle = (samples: Float32Array) => samples.subarray(rate / 4, samples.length - rate / 4);
        expect(frequencyNear(middle(agent), hz, rate)).to.be.closeTo(hz, hz * 0.01);
        expect(frequencyNear(middle(customer), hz * 1.3, rate)).to.be.closeTo(hz * 1.3, hz * 0.013);
        // Pieces that fit cancel nothing.
        expect(energyOf(middle(agent))).to.be.closeTo(0.125, 0.125 * 0.05);
      }
    });

    it(`puts what was said at its place at ${speed} times the speed`, () => {
      const playback = playbackOf(beeps(1_000, 6));
      playback.speed = speed;
      const found = foundBeeps(play(playback, 7).agent);
      expect(found).to.have.length(6);
      found.forEach(({ from, to }, index) => {
        expect(from).to.be.closeTo((index * 1_000) / speed, 20);
        expect(to - from).to.be.closeTo(100 / speed, 25);
      });
    });
  }

  it('keeps the two voices in step, whatever is left out', () => {
    const length = 6;
    const agent = beeps(2_000, length);
    const playback = playbackOf(agent, agent.slice());
    playback.speed = 1.5;
    playback.skipsSilence = true;
    const { agent: left, customer: right } = play(playback, length);
    const [a, b] = [foundBeeps(left), foundBeeps(right)];
    expect(a).to.have.length(3);
    for (const [index, { from }] of a.entries()) expect(b[index]!.from).to.be.closeTo(from, 15);
    // 100 ms of beep and 150 ms of silence, played at 1.5.
    const [first, second] = a;
    expect(second!.from - first!.from).to.be.closeTo(250 / 1.5, 30);
  });

  it('leaves out no silence in which the other one speaks', () => {
    const playback = playbackOf(beeps(2_000, 4), sine(300, 4, rate));
    playback.skipsSilence = true;
    expect(play(playback, 5).agent.length / rate).to.be.closeTo(4, 0.1);
  });

  it('holds its place while it is paused, and goes on there', () => {
    const playback = playbackOf(sine(440, 3, rate));
    play(playback, 1);
    playback.paused = true;
    play(playback, 0.1);
    const { atMs } = playback.report();
    expect(atMs).to.be.closeTo(1_000, 30);
    expect(energyOf(play(playback, 2).agent)).to.equal(0);
    expect(playback.report()).to.include({ state: 'paused', atMs });
    playback.paused = false;
    expect(energyOf(play(playback, 0.5).agent)).to.be.greaterThan(0.1);
    expect(playback.report().atMs).to.be.closeTo(atMs + 500, 5);
  });

  it('plays from wherever it is sent, and says for which seek it speaks', () => {
    const said = new Float32Array(4 * rate);
    said.set(sine(500, 2, rate));
    said.set(sine(900, 2, rate), 2 * rate);
    const playback = playbackOf(said);
    expect(frequencyNear(play(playback, 0.5).agent, 500, rate)).to.be.closeTo(500, 5);
    playback.seek(3_000);
    expect(playback.report()).to.include({ seek: 1, atMs: 3_000 });
    expect(frequencyNear(play(playback, 0.5).agent.subarray(480), 900, rate)).to.be.closeTo(900, 9);
    playback.seek(500);
    expect(frequencyNear(play(playback, 0.5).agent.subarray(480), 500, rate)).to.be.closeTo(500, 5);
    expect(playback.report()).to.include({ seek: 2 });
  });

  it('waits for what was not fetched, and goes on where it stopped', () => {
    const said = sine(440, 2, rate);
    const playback = new ShiftPlayback(rate);
    playback.write('agent', 0, said.subarray(0, rate));
    playback.cover(0, rate);
    const first = play(playback, 1.5);
    const { state, atMs } = playback.report();
    expect(state).to.equal('starved');
    expect(atMs).to.be.within(900, 1_000);
    expect(energyOf(first.agent.subarray(rate))).to.equal(0);
    playback.write('agent', rate, said.subarray(rate));
    playback.cover(rate, 2 * rate);
    playback.endMs = 2_000;
    const rest = play(playback, 2);
    expect(rest.agent.length / rate).to.be.closeTo(2 - atMs / 1000, 0.03);
    expect(playback.report().state).to.equal('over');
  });

  it('makes no click when it pauses, seeks or runs dry', () => {
    const playback = playbackOf(sine(200, 3, rate));
    const parts: Float32Array[] = [play(playback, 0.3).agent];
    playback.seek(1_234.5);
    parts.push(play(playback, 0.3).agent);
    playback.paused = true;
    parts.push(play(playback, 0.1).agent);
    playback.paused = false;
    parts.push(play(playback, 3).agent);
    const all = parts.flatMap((part) => [...part]);
    // A sine of 200 Hz at half amplitude moves by 0.013 a sample, a fade of 4 ms by 0.003 more.
    const steepest = Math.max(...all.map((sample, index) => Math.abs(sample - (all[index - 1] ?? 0))));
    expect(steepest).to.be.lessThan(0.02);
  });
});
