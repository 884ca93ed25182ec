import type { Person } from '#contract/identity.ts';
import type { MailsService } from '#domains/mails/mails.service.ts';
import type { Clock } from '#kernel/clock.ts';
import {
  fileNameOf,
  type InvitationMethod,
  type InvitationParts,
  icsOf,
  subjectOf,
  textOf,
} from './invitation.ts';
import type { MeetingsStore } from './meetings.store.ts';
import type { StoredMeeting, Who } from './meetings.ts';

export interface InvitationsDependencies {
  readonly store: Pick<MeetingsStore, 'announced'>;
  readonly mails: Pick<MailsService, 'enabled' | 'enqueue'>;
  readonly mailbox: (personId: string) => Promise<{ address: string } | null>;
  readonly person: (personId: string) => Promise<Person | null>;
  /** The address mail comes from. */
  readonly from: string | undefined;
  /** Where people reach the product, if it knows. */
  readonly publicUrl: string | undefined;
  readonly clock: Clock;
}

export type InvitationsService = ReturnType<typeof createInvitationsService>;

/** Who is told what of a meeting: every invitee its latest state, who is not asked any more that it is off for them. */
export function createInvitationsService(deps: InvitationsDependencies) {
  /** Without a mail server the file still names an organiser: an address that cannot exist (RFC 2606). */
  const houseAddress = deps.from ?? 'cloud-listening@mail.invalid';

  async function partsOf(
    meeting: StoredMeeting,
    method: InvitationMethod,
    sequence: number,
    invitees: readonly Who[],
  ): Promise<InvitationParts> {
    const ids = [meeting.organiser.id, ...invitees.map(({ id }) => id)];
    const boxes = await Promise.all(ids.map(async (id) => [id, await deps.mailbox(id)] as const));
    const addresses = new Map(boxes.flatMap(([id, box]) => (box ? [[id, box.address] as const] : [])));
    const url = deps.publicUrl ? new URL(`/meetings/${meeting.id}`, deps.publicUrl).href : null;
    return { meeting, method, sequence, invitees, addresses, houseAddress, url, now: deps.clock() };
  }

  async function enqueue(parts: InvitationParts, personId: string): Promise<void> {
    const { meeting, method, sequence } = parts;
    await deps.mails.enqueue({
      id: `${meeting.id}.${sequence}.${method.toLowerCase()}.${personId}`,
      personId,
      about: meeting.id,
      subject: subjectOf(parts),
      text: textOf(parts),
      calendar: { method, content: icsOf(parts) },
    });
  }

  return {
    /** Puts into the outbox what is not there yet; doing it twice mails nobody twice. */
    async announce(meeting: StoredMeeting): Promise<void> {
      if (deps.mails.enabled) {
        const { invitees, dropped, sequence, state } = meeting;
        const method = state === 'cancelled' ? 'CANCEL' : 'REQUEST';
        // The same for all of them: everybody sees who else is asked.
        const parts = await partsOf(meeting, method, sequence, invitees);
        for (const { id } of invitees) await enqueue(parts, id);
        for (const { personId, sequence: off } of dropped) {
          const person = await deps.person(personId);
          if (!person) continue;
          const { id, name, title } = person;
          await enqueue(await partsOf(meeting, 'CANCEL', off, [{ id, name, title }]), id);
        }
      }
      await deps.store.announced(meeting.id, meeting.revision);
    },

    /** The same as a file. */
    async file(meeting: StoredMeeting): Promise<{ fileName: string; method: InvitationMethod; ics: string }> {
      const method = meeting.state === 'cancelled' ? 'CANCEL' : 'REQUEST';
      const parts = await partsOf(meeting, method, meeting.sequence, meeting.invitees);
      return { fileName: fileNameOf(meeting), method, ics: icsOf(parts) };
    },
  };
}
