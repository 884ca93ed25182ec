import { expect } from 'chai';
import { type BeepingCall, findBeeps, spoolBeepingCall, tenMinutesOfBeeps } from '#support/beeping-call.ts';
import { callStartMs } from '#support/call-on-disk.ts';
import { between, decodeStereo, rms } from '#support/decoded-audio.ts';

describe('ten minutes of timed beeps over a bad network', function () {
  this.timeout(120_000);
  let made: BeepingCall;
  let facts: Awaited<ReturnType<BeepingCall['call']['seal']>>;

  before(async () => {
    made = await spoolBeepingCall(tenMinutesOfBeeps, 0.05);
    facts = await made.call.seal();
  });
  after(() => made?.call.remove());

  it('lose what the network lost and nothing else', () => {
    expect(made.sent - made.arrived).to.be.within(made.sent * 0.045, made.sent * 0.055);
    expect(facts.coverage).to.equal(1);
    expect(facts.legs.reduce((sum, leg) => sum + leg.packets, 0)).to.equal(made.arrived);
    expect(facts.durationMs).to.be.within(599_950, 600_050);
    const hold = facts.gaps.find(({ cause }) => cause === 'hold')!;
    expect(hold).to.deep.include({ role: 'customer' });
    expect(hold.fromMs).to.be.closeTo(120_000, 150);
    expect(hold.toMs).to.be.closeTo(151_000, 150);
  });

  for (const decoder of ['opus', 'libopus']) {
    it(`put every beep that arrived in its place, 20 ms more or less (${decoder})`, async () => {
      const audio = await decodeStereo(made.call.audioPath, 16_000, decoder);
      expect(audio.durationMs).to.be.closeTo(facts.durationMs, 1);
      const found = findBeeps(audio, made.beeps, facts.startedAt - callStartMs);
      // About half of all beeps arrive with each of their packets: 0.95 to the 9th.
      expect(found.length).to.be.above(600);
      const wrong = found.filter(({ begins, ends }) => !(Math.abs(begins!) <= 20 && Math.abs(ends!) <= 20));
      expect(wrong).to.deep.equal([]);
      // Nothing is heard of who is held.
      expect(rms(between(audio.right, audio.rate, 120_300, 150_700))).to.be.below(5);
    });
  }
});
