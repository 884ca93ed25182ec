import { expect } from 'chai';
import type { LineNotice } from '#contract/businesses.ts';
import type { Hearing } from '#domains/listening/listening.ts';
import { daysOf, isHearing, isTold, withoutRepeats } from '#domains/listening/notices.ts';

/** 14 March 2026, 10:00 in Shanghai. */
const ten = Date.UTC(2026, 2, 14, 2);
const minute = 60_000;
const zone = 'Asia/Shanghai';

function hearing(extra: Partial<Hearing> = {}): Hearing {
  return {
    id: 'hear_1',
    personId: 'ann',
    personName: { en: 'Ann', zh: '安' },
    personTitle: { en: 'Manager', zh: '经理' },
    callId: 'call_1',
    recordingId: null,
    agentId: 'agent',
    lineId: 'line',
    slotId: null,
    live: true,
    way: 'live',
    wayId: null,
    reason: null,
    startedAt: ten,
    endedAt: ten + 5 * minute,
    packets: 30_000,
    lastPacketAt: ten + 5 * minute,
    heard: [],
    instanceId: 'server',
    ...extra,
  };
}

describe('What an agent is told', () => {
  const told = (
    notice: LineNotice,
    extra: Partial<Hearing>,
    { callEnded = true, now = ten + 6 * minute } = {},
  ) => isTold(hearing(extra), { notice, zone, callEnded, now });

  it('is everything at once where the line tells live', () => {
    expect(told('live', { endedAt: null }, { callEnded: false })).to.equal(true);
  });

  it('waits for the end of call and hearing where the line tells afterwards', () => {
    expect(told('afterwards', {}, { callEnded: false }), 'left early, the call goes on').to.equal(false);
    expect(told('afterwards', { endedAt: null })).to.equal(false);
    expect(told('afterwards', {})).to.equal(true);
  });

  it('waits for the line’s own midnight where the line tells once a day', () => {
    const midnight = Date.UTC(2026, 2, 14, 16);
    expect(told('digest', {}, { now: midnight - 1 })).to.equal(false);
    expect(told('digest', {}, { now: midnight })).to.equal(true);
    const overnight = { startedAt: midnight - minute, endedAt: midnight + minute };
    expect(told('digest', overnight, { now: midnight + 2 * minute }), 'it ended the next day').to.equal(
      false,
    );
  });
});

describe('A hearing', () => {
  it('is none when it was over before a sound came', () => {
    expect(isHearing(hearing({ packets: 0, lastPacketAt: null }))).to.equal(false);
    expect(isHearing(hearing({ packets: 0, lastPacketAt: null, endedAt: null }))).to.equal(true);
    expect(isHearing(hearing({ packets: 0 })), 'heard from disk').to.equal(true);
    expect(isHearing(hearing({ live: false, way: 'replay', packets: 0, lastPacketAt: null }))).to.equal(true);
  });

  it('that was interrupted and taken up again is one, from its first start to its last end', () => {
    const [one, ...others] = withoutRepeats([
      hearing({ id: 'b', startedAt: ten + 7 * minute, endedAt: ten + 20 * minute }),
      hearing({ id: 'a' }),
    ]);
    expect(one).to.deep.include({ startedAt: ten, endedAt: ten + 20 * minute });
    expect(others).to.deep.equal([]);
  });

  it('that goes on goes on, also together with one that is over', () => {
    const [one] = withoutRepeats([hearing({ startedAt: ten + 6 * minute, endedAt: null }), hearing()]);
    expect(one).to.deep.include({ startedAt: ten, endedAt: null });
  });

  it('stays apart from another person’s, another call’s, another way’s and a much later one', () => {
    const apart = [
      hearing({ startedAt: ten + 60 * minute, endedAt: ten + 61 * minute }),
      hearing({ way: 'clip', live: false }),
      hearing({ callId: 'call_2' }),
      hearing({ personId: 'bob' }),
      hearing(),
    ];
    expect(withoutRepeats(apart)).to.have.length(5);
  });
});

describe('The days of an agent', () => {
  it('say how many people heard how many calls, by the line’s own days', () => {
    const day = 24 * 60 * minute;
    const all = [
      hearing({ startedAt: ten + 15 * 60 * minute }),
      hearing({ personId: 'bob' }),
      hearing({ callId: 'call_2' }),
      hearing(),
    ].map((one) => ({ ...one, zone }));
    const midnight = Date.UTC(2026, 2, 13, 16);
    expect(daysOf(all)).to.deep.equal([
      { from: midnight + day, to: midnight + 2 * day, people: 1, calls: 1 },
      { from: midnight, to: midnight + day, people: 2, calls: 2 },
    ]);
  });
});
