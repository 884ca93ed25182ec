import { expect } from 'chai';
import type { Person } from '#contract/identity.ts';
import type { Action } from '#contract/meetings.ts';
import type { Hearing } from '#domains/listening/listening.ts';
import { type ReportedCall, reportOf, slotsOf } from '#domains/session-reports/session-reports.ts';
import { minutes, toCsv } from '#web/domains/session-reports/report-csv.ts';

const minute = 60_000;
const window = { from: 0, to: 1_000 * minute };
const person = (id: string): Person => ({
  id,
  name: { en: id, zh: id },
  title: { en: 'T', zh: 'T' },
  role: 'listener',
  businessIds: [],
  lineIds: [],
});
const hearing = (personId: string, callId: string, from: number, to: number, extra: Partial<Hearing> = {}) =>
  ({
    personId,
    callId,
    slotId: 'slot',
    lineId: 'supermarket',
    live: true,
    way: 'live',
    startedAt: from * minute,
    heard: from === to ? [] : [{ from: from * minute, to: to * minute }],
    ...extra,
  }) as Hearing;
const call = (id: string, topicIds: string[]): ReportedCall => ({
  id,
  lineId: 'supermarket',
  startedAt: 0,
  recordingId: `rec_${id}`,
  about: { en: id, zh: id },
  topicIds,
});

describe('A report on listening', () => {
  const hearings = [
    hearing('ann', 'one', 0, 10),
    // The same minutes in a second window, and a recording afterwards.
    hearing('ann', 'two', 5, 15),
    hearing('ann', 'two', 20, 24, { live: false, way: 'replay', slotId: null }),
    hearing('bob', 'one', 0, 6),
    // A page that was left open, and never heard anything.
    hearing('cem', 'one', 0, 0),
  ];
  const report = reportOf({
    window,
    people: [person('ann'), person('bob'), person('cem')],
    hearings,
    calls: new Map([call('one', ['size', 'complaint']), call('two', ['size'])].map((one) => [one.id, one])),
    moments: new Map([['ann', 3]]),
    actions: [
      { owner: { id: 'ann' }, state: 'open' },
      { owner: { id: 'ann' }, state: 'done' },
    ] as Action[],
    topicNames: new Map([
      ['size', { en: 'Wrong size', zh: '尺码' }],
      ['complaint', { en: 'Complaint', zh: '投诉' }],
    ]),
  });

  it('credits each person what reached them, once', () => {
    expect(
      report.rows.map(({ person: { id }, heardMs, liveMs, calls }) => [id, heardMs, liveMs, calls]),
    ).to.deep.equal([
      ['ann', 19 * minute, 15 * minute, 2],
      ['bob', 6 * minute, 6 * minute, 1],
      ['cem', 0, 0, 0],
    ]);
    expect(report.total).to.deep.equal({
      people: 2,
      calls: 2,
      heardMs: 25 * minute,
      liveMs: 21 * minute,
      moments: 3,
      actions: 2,
      openActions: 1,
    });
  });

  it('says what the calls were about, how they were heard, and from which slots', () => {
    expect(report.topics.map(({ id, calls }) => [id, calls])).to.deep.equal([
      ['size', 2],
      ['complaint', 1],
    ]);
    const two = report.calls.find(({ callId }) => callId === 'two');
    expect(two).to.deep.include({ heardMs: 14 * minute, people: 1, ways: ['live', 'replay'] });
    expect(slotsOf(hearings, window)).to.deep.equal([{ id: 'slot', lineId: 'supermarket', startedAt: 0 }]);
  });
});

describe('The report as a table', () => {
  it('is read by any spreadsheet, and runs nothing in it', () => {
    const csv = toCsv([
      ['Name', 'Minutes'],
      ['林悦, "manager"', minutes(61_000)],
      ['=cmd()', 0],
    ]);
    expect(csv).to.equal('\uFEFFName,Minutes\r\n"林悦, ""manager""",1\r\n\'=cmd(),0\r\n');
  });
});
