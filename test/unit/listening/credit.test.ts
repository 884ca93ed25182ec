import { expect } from 'chai';
import {
  type CreditLedger,
  creditedMs,
  handOut,
  judge,
  longestProofMs,
  mostInHandMs,
  openLedger,
} from '#domains/listening/credit.ts';
import { HearingProof } from '#domains/listening/hearing-proof.ts';

const start = 1_000_000;
/** Two legs of G.711: 100 packets a second. */
const perSecond = 100;

/** A listening looked at every five seconds; `flow` says what was sent and what the page claims by then. */
function listened(
  seconds: number,
  flow: (second: number) => { sent: number; received: number | null },
): CreditLedger {
  let ledger = openLedger(start);
  for (let second = 5; second <= seconds; second += 5) {
    ledger = judge(ledger, { at: start + second * 1_000, ...flow(second) });
  }
  return ledger;
}
const credit = (ledger: CreditLedger) => creditedMs([ledger]);

describe('Listening time', () => {
  it('is credited for every second in which packets were sent and received', () => {
    const both = (second: number) => ({ sent: second * perSecond, received: second * perSecond - 30 });
    const ledger = listened(600, both);
    expect(credit(ledger)).to.equal(600_000);
    expect(ledger.heard, 'in one piece').to.have.length(1);
  });

  it('is credited whole for one leg of long packets, or of Opus that sends nothing in silence', () => {
    const sparse = (second: number) => ({ sent: second * 3, received: second * 3 });
    expect(credit(listened(60, sparse))).to.equal(60_000);
  });

  it('is not credited to a page left open to which nothing is sent', () => {
    expect(credit(listened(3_600, () => ({ sent: 0, received: 0 })))).to.equal(0);
    expect(credit(listened(3_600, () => ({ sent: 0, received: null })))).to.equal(0);
  });

  it('is not credited to what is sent and never acknowledged', () => {
    expect(credit(listened(600, (second) => ({ sent: second * perSecond, received: null })))).to.equal(0);
    expect(credit(listened(600, (second) => ({ sent: second * perSecond, received: 0 })))).to.equal(0);
  });

  it('is not made by a report above what was sent, at once or later', () => {
    const muted = listened(600, () => ({ sent: 0, received: 1_000_000_000 }));
    expect(credit(muted)).to.equal(0);
    // A minute of sound, then the call is paused for nine; the page goes on claiming.
    const paused = listened(600, (second) => ({
      sent: Math.min(second, 60) * perSecond,
      received: 1_000_000 + second * perSecond,
    }));
    expect(credit(paused)).to.equal(60_000);
    // What was claimed ahead is not paid out when the sound comes back: only what is sent then counts.
    const back = judge(paused, { at: start + 605_000, sent: 60 * perSecond + 5, received: 2_000_000_000 });
    expect(credit(back)).to.equal(60_000 + 5 * 400);
  });

  it('is credited in small parts for single packets', () => {
    const one = judge(openLedger(start), { at: start + 5_000, sent: 1, received: 1 });
    expect(credit(one)).to.equal(400);
  });

  it('is not credited for longer than a proof reaches, however much came in between', () => {
    const late = judge(openLedger(start), { at: start + 600_000, sent: 60_000, received: 60_000 });
    expect(credit(late)).to.equal(longestProofMs);
  });

  it('waits for a report that is late by one look', () => {
    let ledger = openLedger(start);
    ledger = judge(ledger, { at: start + 5_000, sent: 500, received: null });
    expect(ledger.at).to.equal(start);
    ledger = judge(ledger, { at: start + 10_000, sent: 1_000, received: 990 });
    expect(credit(ledger)).to.equal(10_000);
  });

  it('is credited for what was handed out from disk, at the pace at which time goes by', () => {
    let ledger = handOut(openLedger(start), 30_000);
    expect(credit(ledger), 'not before it can have been heard').to.equal(0);
    ledger = judge(ledger, { at: start + 10_000, received: null, sent: 0 });
    expect(credit(ledger)).to.equal(10_000);
    ledger = judge(ledger, { at: start + 20_000, received: 0, sent: 0 });
    ledger = judge(ledger, { at: start + 30_000, received: null, sent: 0 });
    ledger = judge(ledger, { at: start + 40_000, received: null, sent: 0 });
    expect(credit(ledger), 'and no more than there was').to.equal(30_000);
  });

  it('does not grow by fetching a whole call at once', () => {
    const hoarded = handOut(openLedger(start), 3_600_000);
    expect(hoarded.inHandMs).to.equal(mostInHandMs);
    let ledger = hoarded;
    for (let second = 5; second <= 3_600; second += 5) {
      ledger = judge(ledger, { at: start + second * 1_000, received: null, sent: 0 });
    }
    expect(credit(ledger)).to.equal(mostInHandMs);
  });

  it('goes on without a gap from live to shifted and back', () => {
    const proof = new HearingProof(start);
    let sent = 0;
    for (let second = 5; second <= 60; second += 5) {
      const live = second <= 20 || second > 40;
      if (live) sent += 5 * perSecond;
      proof.report(sent);
      if (!live) proof.handOut(5_000, start + second * 1_000 - 4_900);
      proof.measure(sent, start + second * 1_000);
    }
    expect(creditedMs([proof.kept])).to.be.closeTo(60_000, 1_000);
    expect(proof.kept).to.deep.include({ packets: sent, lastPacketAt: start + 60_000 });
  });

  it('remembers when sound last went out, whatever the page claims', () => {
    const proof = new HearingProof(start);
    proof.measure(100, start + 5_000);
    proof.report(5_000);
    proof.measure(100, start + 10_000);
    expect(proof.kept).to.deep.include({ packets: 100, lastPacketAt: start + 5_000 });
  });

  it('counts once where one person listens twice, whole or in part', () => {
    const span = (from: number, to: number) => ({ heard: [{ from, to }] });
    expect(creditedMs([span(0, 600), span(0, 600)])).to.equal(600);
    expect(creditedMs([span(300, 900), span(0, 600), span(1_000, 1_100)])).to.equal(1_000);
    expect(creditedMs([span(0, 1_000), span(100, 200)])).to.equal(1_000);
  });

  it('belongs to the window in which it was heard', () => {
    const over = [{ heard: [{ from: 900, to: 1_200 }] }];
    expect(creditedMs(over, { from: 0, to: 1_000 })).to.equal(100);
    expect(creditedMs(over, { from: 1_000, to: 2_000 })).to.equal(200);
  });

  it('stays small on record however often the sound comes and goes', () => {
    let ledger = openLedger(start);
    let packets = 0;
    for (let second = 5; second <= 10_000; second += 5) {
      packets += 1;
      ledger = judge(ledger, { at: start + second * 1_000, sent: packets, received: packets });
    }
    expect(ledger.heard.length).to.equal(500);
    expect(credit(ledger)).to.equal(2_000 * 400);
  });
});
