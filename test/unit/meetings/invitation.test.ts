import { expect } from 'chai';
import { fileNameOf, type InvitationParts, icsOf, subjectOf, textOf } from '#domains/meetings/invitation.ts';
import type { StoredMeeting } from '#domains/meetings/meetings.ts';
import { eventOf } from '#support/mime.ts';

const who = (id: string, en: string, zh: string) => ({ id, name: { en, zh }, title: { en: 'T', zh: '职' } });
const startsAt = Date.UTC(2026, 2, 31, 6, 30);

function parts(extra: Partial<StoredMeeting> = {}, more: Partial<InvitationParts> = {}): InvitationParts {
  const meeting: StoredMeeting = {
    id: 'meet_1',
    title: 'Nappies; sizes, "outgrown"\nand kept',
    startsAt,
    endsAt: startsAt + 3_600_000,
    zone: 'Asia/Shanghai',
    place: 'Room 8, https://meet.example/abc?x=1;y=2',
    state: 'planned',
    organiser: who('lin', 'Lin Yue', '林悦'),
    invitees: [],
    dropped: [],
    agenda: [],
    sequence: 0,
    toAnnounce: false,
    revision: 1,
    createdAt: startsAt - 86_400_000,
    updatedAt: startsAt - 86_400_000,
    heldAt: null,
    idempotencyKey: 'key-12345',
    requestHash: 'hash',
    ...extra,
  };
  return {
    meeting,
    method: 'REQUEST',
    sequence: meeting.sequence,
    invitees: [who('tang', 'Tang "Xin", the owner', '唐欣'), who('gao', 'Gao Ning', '高宁')],
    addresses: new Map([
      ['lin', 'lin@clearwater.example'],
      ['tang', 'tang@clearwater.example'],
    ]),
    houseAddress: 'programme@clearwater.example',
    url: 'https://listen.example/meetings/meet_1',
    now: startsAt - 86_400_000,
    ...more,
  };
}

describe('An invitation', () => {
  const value = (ics: string, name: string) => eventOf(ics).properties.get(name)?.[0]?.value;

  it('asks the people on it, by a request that calendars understand', () => {
    const ics = icsOf(parts());
    const { method, properties } = eventOf(ics);
    expect(method).to.equal('REQUEST');
    expect(value(ics, 'UID')).to.equal('meet_1@cloud-listening');
    expect(value(ics, 'SEQUENCE')).to.equal('0');
    expect(value(ics, 'DTSTART')).to.equal('20260331T063000Z');
    expect(value(ics, 'DTEND')).to.equal('20260331T073000Z');
    expect(value(ics, 'STATUS')).to.equal('CONFIRMED');
    expect(properties.get('DTSTAMP')).to.have.length(1);
    expect(properties.get('ORGANIZER')?.[0]).to.deep.include({ value: 'mailto:lin@clearwater.example' });
    const attendees = properties.get('ATTENDEE') ?? [];
    expect(attendees.map((one) => one.value.toLowerCase())).to.deep.equal(['mailto:tang@clearwater.example']);
    expect(attendees[0]?.parameters)
      .to.match(/RSVP=TRUE/)
      .and.to.match(/PARTSTAT=NEEDS-ACTION/);
  });

  it('escapes what a calendar would take for its own signs (RFC 5545 §3.3.11)', () => {
    const ics = icsOf(parts());
    expect(value(ics, 'SUMMARY')).to.equal('Nappies\\; sizes\\, "outgrown"\\nand kept');
    expect(value(ics, 'LOCATION')).to.equal('Room 8\\, https://meet.example/abc?x=1\\;y=2');
  });

  it('is the same event when it changes, with a higher sequence', () => {
    const later = icsOf(parts({ sequence: 2, startsAt: startsAt + 3_600_000 }));
    expect(value(later, 'UID')).to.equal('meet_1@cloud-listening');
    expect(value(later, 'SEQUENCE')).to.equal('2');
    expect(subjectOf(parts({ sequence: 2 }))).to.match(/^更新 \/ Updated/);
  });

  it('is taken back by a cancellation of the same event', () => {
    const ics = icsOf(parts({ state: 'cancelled', sequence: 3 }, { method: 'CANCEL' }));
    expect(eventOf(ics).method).to.equal('CANCEL');
    expect(value(ics, 'STATUS')).to.equal('CANCELLED');
    expect(value(ics, 'SEQUENCE')).to.equal('3');
  });

  it('names the house where nobody has an address, so that the file can still be opened', () => {
    const { properties } = eventOf(icsOf(parts({}, { addresses: new Map() })));
    expect(properties.get('ORGANIZER')?.[0]?.value).to.equal('mailto:programme@clearwater.example');
    expect(properties.get('ATTENDEE')).to.equal(undefined);
  });

  it('says in both languages who asks, when in the zone it was planned in, and where the calls are heard', () => {
    const text = textOf(parts());
    expect(text).to.include('Lin Yue asks you to a meeting').and.to.include('林悦请您参加会诊');
    expect(text)
      .to.match(/14:30.15:30/)
      .and.to.include('Asia/Shanghai');
    expect(text).to.include('https://listen.example/meetings/meet_1');
  });

  it('is a file with a name that any disk takes', () => {
    expect(fileNameOf({ title: '../纸尿裤: sizes?' })).to.equal('纸尿裤-sizes.ics');
    expect(fileNameOf({ title: '///' })).to.equal('meeting.ics');
  });
});
