import type { Line } from '#contract/businesses.ts';
import type { MailsService } from '#domains/mails/mails.service.ts';
import type { Clock } from '#kernel/clock.ts';
import { startOfDay } from '#kernel/zoned-days.ts';
import type { HearingsStore } from './hearings.store.ts';
import type { Hearing } from './listening.ts';
import { isHearing, withoutRepeats } from './notices.ts';

export interface DigestsDependencies {
  readonly store: Pick<HearingsStore, 'ofLine'>;
  readonly lines: () => Promise<readonly Line[]>;
  readonly mails: Pick<MailsService, 'enabled' | 'enqueue'>;
  readonly clock: Clock;
}

/** A hearing that began before the day may end on it. Milliseconds. */
const longestHearingMs = 12 * 3_600_000;

const ways = {
  live: { zh: '实时收听', en: 'live' },
  replay: { zh: '听录音', en: 'recording' },
  clip: { zh: '听片段', en: 'clip' },
  meeting: { zh: '会上听', en: 'in a meeting' },
} as const satisfies Record<Hearing['way'], { zh: string; en: string }>;

/** The summary of one agent’s day, in both languages. */
export function digestText(hearings: readonly Hearing[], day: string, zone: string): string {
  const time = (at: number) =>
    new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }).format(at);
  const lines = hearings.map(({ personName, personTitle, way, startedAt, endedAt }) => {
    const span = `${time(startedAt)}–${time(endedAt ?? startedAt)}`;
    const { zh, en } = ways[way];
    return {
      zh: `${span}　${personName.zh}（${personTitle.zh}），${zh}`,
      en: `${span}  ${personName.en} (${personTitle.en}), ${en}`,
    };
  });
  return [
    `${day}，您的通话有人听过：`,
    ...lines.map(({ zh }) => zh),
    '',
    '—',
    '',
    `Who heard your calls on ${day}:`,
    ...lines.map(({ en }) => en),
    '',
  ].join('\n');
}

/** Once a day, for lines that tell their agents in a digest: the mail beside what stands on the agent’s page. */
export function createDigests(deps: DigestsDependencies) {
  const { store, mails, clock } = deps;
  /** What this process has seen to: the mails' own ids keep others from sending them twice. */
  const seen = new Set<string>();

  async function sum(line: Line, from: number, to: number): Promise<void> {
    const day = new Intl.DateTimeFormat('en-CA', { timeZone: line.zone, dateStyle: 'short' }).format(from);
    const done = `${line.id} ${day}`;
    if (seen.has(done)) return;
    const ended = (await store.ofLine(line.id, { from: from - longestHearingMs, to })).filter(
      (hearing) =>
        isHearing(hearing) && hearing.endedAt !== null && hearing.endedAt >= from && hearing.endedAt < to,
    );
    const byAgent = Map.groupBy(
      withoutRepeats(ended).filter(({ agentId }) => agentId !== null),
      ({ agentId }) => agentId!,
    );
    for (const [personId, ofAgent] of byAgent) {
      await mails.enqueue({
        id: `digest.${line.id}.${day}.${personId}`,
        personId,
        about: `digest.${line.id}.${day}`,
        subject: `谁听过您的通话 / Who heard your calls: ${day}`,
        text: digestText(ofAgent.reverse(), day, line.zone),
        calendar: null,
      });
    }
    seen.add(done);
  }

  return {
    /** Sums the day that is over; asked often, it does it once. */
    async tend(): Promise<void> {
      if (!mails.enabled) return;
      for (const line of await deps.lines()) {
        if (line.notice !== 'digest') continue;
        const to = startOfDay(clock(), line.zone);
        await sum(line, startOfDay(to - 1, line.zone), to);
      }
    },
  };
}
