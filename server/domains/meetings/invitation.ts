import ical, {
  ICalAttendeeRole,
  ICalAttendeeStatus,
  ICalAttendeeType,
  ICalCalendarMethod,
  ICalEventStatus,
} from 'ical-generator';
import type { LocalText } from '#contract/primitives.ts';
import type { StoredMeeting, Who } from './meetings.ts';

export type InvitationMethod = 'REQUEST' | 'CANCEL';

export interface InvitationParts {
  readonly meeting: StoredMeeting;
  readonly method: InvitationMethod;
  readonly sequence: number;
  /** Who stands on it. */
  readonly invitees: readonly Who[];
  /** Of the people on it, as far as they have one. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Where the organiser answers for it when they have no address of their own. */
  readonly houseAddress: string;
  /** Where the agenda is, if the product knows its own address. */
  readonly url: string | null;
  readonly now: number;
}

const both = ({ en, zh }: LocalText): string => (zh && en && zh !== en ? `${zh} / ${en}` : zh || en);

/** As people say it in a zone, with the zone. */
function timeIn(meeting: StoredMeeting, language: 'en-GB' | 'zh-CN'): string {
  const { startsAt, endsAt, zone } = meeting;
  const format = new Intl.DateTimeFormat(language, {
    timeZone: zone,
    dateStyle: 'full',
    timeStyle: 'short',
  });
  return `${format.formatRange(startsAt, endsAt)} (${zone})`;
}

/** The mail's text, in both languages: who reads it is not asked for theirs. */
export function textOf(parts: InvitationParts): string {
  const { meeting, method, url } = parts;
  const { title, place, organiser, agenda } = meeting;
  const items = agenda.map((item, index) => `${index + 1}. ${item.title}`).join('\n');
  const cancelled = method === 'CANCEL';
  const lines = (words: { lead: string; when: string; where: string; agenda: string; more: string }) => [
    words.lead,
    words.when,
    ...(place ? [`${words.where}${place}`] : []),
    ...(cancelled ? [] : ['', words.agenda, items]),
    ...(url && !cancelled ? ['', `${words.more}${url}`] : []),
  ];
  const zh = lines({
    lead: cancelled
      ? `${organiser.name.zh}取消了会诊：${title}`
      : `${organiser.name.zh}请您参加会诊：${title}`,
    when: `时间：${timeIn(meeting, 'zh-CN')}`,
    where: '地点：',
    agenda: '议程：',
    more: '会前可在这里听录音片段：',
  });
  const en = lines({
    lead: cancelled
      ? `${organiser.name.en} has called off the meeting: ${title}`
      : `${organiser.name.en} asks you to a meeting: ${title}`,
    when: `When: ${timeIn(meeting, 'en-GB')}`,
    where: 'Where: ',
    agenda: 'Agenda:',
    more: 'Hear the calls beforehand: ',
  });
  return [...zh, '', '—', '', ...en, ''].join('\n');
}

export const subjectOf = ({ meeting, method, sequence }: InvitationParts): string => {
  if (method === 'CANCEL') return `取消 / Cancelled: ${meeting.title}`;
  return sequence > 0 ? `更新 / Updated: ${meeting.title}` : `会诊邀请 / Invitation: ${meeting.title}`;
};

/**
 * The iTIP message (RFC 5546 §3.2.2 and §3.2.5). Times are in UTC, which every calendar shows in its owner's zone; the
 * zone it was planned in stands in the description. One UID for the meeting's whole life.
 */
export function icsOf(parts: InvitationParts): string {
  const { meeting, method, sequence, invitees, addresses, houseAddress, url, now } = parts;
  const calendar = ical({
    prodId: { company: 'Cloud Listening', product: 'Convene', language: 'EN' },
    method: method === 'CANCEL' ? ICalCalendarMethod.CANCEL : ICalCalendarMethod.REQUEST,
  });
  calendar.createEvent({
    id: `${meeting.id}@cloud-listening`,
    sequence,
    stamp: new Date(now),
    start: new Date(meeting.startsAt),
    end: new Date(meeting.endsAt),
    created: new Date(meeting.createdAt),
    lastModified: new Date(meeting.updatedAt),
    summary: meeting.title,
    description: textOf(parts),
    ...(meeting.place && { location: meeting.place }),
    ...(url && { url }),
    status: method === 'CANCEL' ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    organizer: {
      name: both(meeting.organiser.name),
      email: addresses.get(meeting.organiser.id) ?? houseAddress,
    },
    attendees: invitees.flatMap(({ id, name }) => {
      const email = addresses.get(id);
      if (email === undefined) return [];
      return [
        {
          name: both(name),
          email,
          rsvp: method === 'REQUEST',
          role: ICalAttendeeRole.REQ,
          type: ICalAttendeeType.INDIVIDUAL,
          status: ICalAttendeeStatus.NEEDSACTION,
        },
      ];
    }),
  });
  return calendar.toString();
}

/** A file's name from the title: letters and digits of any script, no path. */
export const fileNameOf = ({ title }: Pick<StoredMeeting, 'title'>): string =>
  `${
    title
      .normalize('NFC')
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 60) || 'meeting'
  }.ics`;
