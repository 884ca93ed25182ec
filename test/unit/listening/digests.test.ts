import { expect } from 'chai';
import type { Line } from '#contract/businesses.ts';
import { createDigests } from '#domains/listening/digests.service.ts';
import type { Hearing } from '#domains/listening/listening.ts';
import type { NewMail } from '#domains/mails/mails.ts';

const zone = 'Asia/Shanghai';
/** Midnight of 14 March 2026 in Shanghai. */
const midnight = Date.UTC(2026, 2, 13, 16);
const hour = 3_600_000;

const hearing = (extra: Partial<Hearing>): Hearing => ({
  id: 'hear_1',
  personId: 'ann',
  personName: { en: 'Ann', zh: '安' },
  personTitle: { en: 'Manager', zh: '经理' },
  callId: 'call_1',
  recordingId: null,
  agentId: 'agent-6',
  lineId: 'delivery',
  slotId: null,
  live: true,
  way: 'live',
  wayId: null,
  reason: null,
  startedAt: midnight - 4 * hour,
  endedAt: midnight - 4 * hour + 300_000,
  packets: 100,
  lastPacketAt: midnight - 4 * hour,
  heard: [],
  instanceId: 'server',
  ...extra,
});

describe('The summary of a day', () => {
  let now: number;
  let mails: NewMail[];
  let hearings: Hearing[];
  const line = (id: string, notice: Line['notice']): Line => ({
    ...{ id, notice, zone, businessId: 'x', name: { en: id, zh: id } },
  });
  /** One server process's. */
  const digests = () =>
    createDigests({
      store: {
        ofLine: async (lineId, { from, to }) =>
          hearings.filter((one) => one.lineId === lineId && one.startedAt >= from && one.startedAt < to),
      },
      lines: async () => [line('delivery', 'digest'), line('supermarket', 'live')],
      mails: {
        enabled: true,
        enqueue: async (mail) => {
          if (!mails.some(({ id }) => id === mail.id)) mails.push(mail);
        },
      },
      clock: () => now,
    });

  beforeEach(() => {
    now = midnight + 1_000;
    mails = [];
    hearings = [hearing({})];
  });

  it('goes to each agent whose calls were heard, when the line’s day is over, and to nobody twice', async () => {
    hearings.push(
      hearing({ id: 'b', callId: 'call_2', agentId: 'agent-2', way: 'replay', live: false }),
      hearing({ id: 'c', lineId: 'supermarket', agentId: 'agent-1' }),
      hearing({ id: 'd', callId: 'call_3', agentId: null }),
    );
    const [one, other] = [digests(), digests()];
    for (const process of [one, other, one]) await process.tend();
    expect(mails.map(({ id, personId }) => [id, personId])).to.have.deep.members([
      ['digest.delivery.2026-03-13.agent-6', 'agent-6'],
      ['digest.delivery.2026-03-13.agent-2', 'agent-2'],
    ]);
    const text = mails.find(({ personId }) => personId === 'agent-6')?.text;
    expect(text)
      .to.include('20:00–20:05  Ann (Manager), live')
      .and.to.include('20:00–20:05　安（经理），实时收听');
  });

  it('does not say what the day that runs brought', async () => {
    now = midnight - 1;
    await digests().tend();
    expect(mails).to.deep.equal([]);
  });

  it('names a hearing on the day on which it ended', async () => {
    hearings = [hearing({ startedAt: midnight - hour, endedAt: midnight + hour })];
    await digests().tend();
    expect(mails).to.deep.equal([]);
    now += 24 * hour;
    await digests().tend();
    expect(mails.map(({ id }) => id)).to.deep.equal(['digest.delivery.2026-03-14.agent-6']);
  });

  it('leaves out what was no hearing', async () => {
    hearings = [hearing({ packets: 0, lastPacketAt: null })];
    await digests().tend();
    expect(mails).to.deep.equal([]);
  });
});
