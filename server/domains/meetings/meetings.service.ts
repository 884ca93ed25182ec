import { may } from '#contract/abilities.ts';
import type { BodyOf, ResponseOf } from '#contract/endpoint.ts';
import type { Person } from '#contract/identity.ts';
import type { AgendaItem, Invitee, Meeting, meetingsEndpoints } from '#contract/meetings.ts';
import { requireAbility } from '#domains/identity/require-ability.ts';
import type { MailsService } from '#domains/mails/mails.service.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import type { ActionsService } from './actions.service.ts';
import type { InvitationsService } from './invitations.service.ts';
import { concernOf, createInvitees, type InviteesDependencies } from './invitees.ts';
import type { MeetingsStore } from './meetings.store.ts';
import {
  assertOpen,
  assertTime,
  hashOf,
  type StoredItem,
  type StoredMeeting,
  sameRequest,
  whoOf,
} from './meetings.ts';
import { cutItems, type MomentSources, resolveMoments } from './moments.ts';

export interface MeetingsDependencies extends Omit<InviteesDependencies, 'recordings'> {
  readonly store: MeetingsStore;
  readonly actions: ActionsService;
  readonly invitations: InvitationsService;
  readonly mails: Pick<MailsService, 'enabled' | 'latest'>;
  readonly moments: MomentSources;
  readonly clock: Clock;
  readonly log: Log;
}

export const runs = (person: Person, meeting: Pick<StoredMeeting, 'organiser'>): boolean =>
  meeting.organiser.id === person.id || may(person, 'meetings.manage').allowed;

export const isPresent = (person: Person, meeting: StoredMeeting): boolean =>
  runs(person, meeting) || meeting.invitees.some(({ id }) => id === person.id);

/** Asked to it, or running it: everybody else does not even learn that there is one. Error `not-found`. */
export function assertPresent(person: Person, meeting: StoredMeeting | null): StoredMeeting {
  if (meeting && isPresent(person, meeting)) return meeting;
  throw new AppError('not-found', 'There is no such meeting of yours.');
}

export type MeetingsService = ReturnType<typeof createMeetingsService>;

/** The meetings that come after listening: moments, the people who answer for them, and what is decided. */
export function createMeetingsService(deps: MeetingsDependencies) {
  const { store, clock, log } = deps;
  const toAsk = createInvitees({ ...deps, recordings: deps.moments.recordings });

  const present = async (person: Person, id: string): Promise<StoredMeeting> =>
    assertPresent(person, await store.byId(id));

  async function running(person: Person, id: string): Promise<StoredMeeting> {
    const meeting = await present(person, id);
    if (!runs(person, meeting)) throw new AppError('ability.denied', 'Only who convened it may change it.');
    return meeting;
  }

  const standingsOf = (items: readonly StoredItem[]): Promise<Standings> =>
    deps.moments.clips.standings(items.flatMap(({ clipId, gone }) => (gone ? [] : (clipId ?? []))));

  async function shown(person: Person, meeting: StoredMeeting): Promise<Meeting> {
    const [actions, mails, standings] = await Promise.all([
      deps.actions.ofMeeting(meeting.id),
      deps.mails.latest(meeting.id),
      standingsOf(meeting.agenda),
    ]);
    const invitees = meeting.invitees.map((one): Invitee => {
      const mail = mails.get(one.id);
      const { id, name, title } = one;
      const owns = [...one.owns];
      if (!deps.mails.enabled || !mail) {
        return { id, name, title, owns, invitation: 'download', cause: null };
      }
      if (mail.cause === 'no-address') {
        return { id, name, title, owns, invitation: 'no-address', cause: null };
      }
      const invitation = mail.state === 'superseded' ? 'queued' : mail.state;
      return { id, name, title, owns, invitation, cause: mail.cause };
    });
    const { id, title, startsAt, endsAt, zone, place, state, organiser, revision } = meeting;
    return {
      ...{ id, title, startsAt, endsAt, zone, place, state, organiser, revision },
      invitees,
      agenda: meeting.agenda.map((item) => shownItem(item, standings)),
      actions,
      mails: deps.mails.enabled,
      mine: runs(person, meeting),
    };
  }

  /** What is lost between here and the outbox the sweep finds. */
  async function announce(meeting: StoredMeeting): Promise<void> {
    await deps.invitations
      .announce(meeting)
      .catch((err: unknown) => log.warn({ meetingId: meeting.id, err }, 'invitations wait for the sweep'));
  }

  async function changed(
    meeting: StoredMeeting,
    revision: number,
    set: Parameters<MeetingsStore['change']>[2],
  ): Promise<StoredMeeting> {
    const now = await store.change(meeting.id, revision, { ...set, updatedAt: clock() });
    if (!now) {
      throw new AppError('meeting.changed', 'Somebody else has changed the meeting meanwhile.', {
        details: { revision: (await store.byId(meeting.id))?.revision ?? 0 },
      });
    }
    return now;
  }

  return {
    present,

    /** Errors: those of the contract. */
    async propose(
      person: Person,
      { moments }: BodyOf<typeof meetingsEndpoints.propose>,
    ): Promise<ResponseOf<typeof meetingsEndpoints.propose>> {
      requireAbility(person, 'meetings.convene');
      const resolved = await resolveMoments(deps.moments, person, moments);
      const { owners: invitees, others } = await toAsk.proposed(person, resolved);
      return {
        moments: resolved.map(
          ({ item: { note: _n, noteRevision: _r, gone: _g, callId: _c, ...item } }) => item,
        ),
        invitees,
        others,
      };
    },

    /** Errors: those of the contract. */
    async plan(person: Person, request: BodyOf<typeof meetingsEndpoints.plan>): Promise<Meeting> {
      requireAbility(person, 'meetings.convene');
      const { idempotencyKey, moments, invitees, ...about } = request;
      const requestHash = hashOf([about, moments, invitees]);
      const before = await store.byKey(person.id, idempotencyKey);
      if (before) return shown(person, sameRequest(before, requestHash));
      assertTime(about);
      const resolved = await resolveMoments(deps.moments, person, moments);
      const asked = await toAsk.named(
        invitees.filter((id) => id !== person.id),
        resolved.map(concernOf),
      );
      const now = clock();
      const meeting: StoredMeeting = {
        ...about,
        id: newId('meet', now),
        state: 'planned',
        organiser: whoOf(person),
        invitees: asked,
        dropped: [],
        agenda: await cutItems(deps.moments.clips, person, resolved),
        ...{ sequence: 0, toAnnounce: true, revision: 1, createdAt: now, updatedAt: now, heldAt: null },
        ...{ idempotencyKey, requestHash },
      };
      if (!(await store.insert(meeting))) {
        const twin = await store.byKey(person.id, idempotencyKey);
        if (!twin) throw new AppError('internal', 'Something went wrong on our side. Please try again.');
        return shown(person, sameRequest(twin, requestHash));
      }
      log.info(
        { meetingId: meeting.id, items: meeting.agenda.length, invitees: asked.length },
        'meeting planned',
      );
      await announce(meeting);
      return shown(person, meeting);
    },

    async people(person: Person): Promise<ResponseOf<typeof meetingsEndpoints.people>> {
      requireAbility(person, 'meetings.convene');
      return { people: await toAsk.everybody() };
    },

    async list(person: Person): Promise<ResponseOf<typeof meetingsEndpoints.list>> {
      requireAbility(person, 'recordings.replay');
      const meetings = await store.of(may(person, 'meetings.manage').allowed ? null : person.id);
      const open = await deps.actions.openCounts(meetings.map(({ id }) => id));
      return {
        meetings: meetings.map(({ id, title, startsAt, endsAt, zone, place, state, organiser, agenda }) => ({
          ...{ id, title, startsAt, endsAt, zone, place, state, organiser },
          items: agenda.length,
          openActions: open.get(id) ?? 0,
        })),
      };
    },

    show: async (person: Person, id: string): Promise<Meeting> => shown(person, await present(person, id)),

    /** Errors: those of the contract. */
    async change(
      person: Person,
      id: string,
      { revision, agenda, moments = [], invitees, ...about }: BodyOf<typeof meetingsEndpoints.change>,
    ): Promise<Meeting> {
      const before = await running(person, id);
      assertOpen(before, ['planned']);
      const next = { ...before, ...about };
      assertTime(next);
      const resolved = await resolveMoments(deps.moments, person, moments);
      const kept = agenda
        ? agenda.flatMap((itemId) => before.agenda.find((item) => item.id === itemId) ?? [])
        : before.agenda;
      const items = [...kept, ...(await cutItems(deps.moments.clips, person, resolved))];
      const asked = invitees
        ? await toAsk.named(
            invitees.filter((one) => one !== before.organiser.id),
            await toAsk.concernsOf(items),
          )
        : before.invitees;
      const isAsked = (personId: string) => asked.some((one) => one.id === personId);
      const back = before.dropped.some(({ personId }) => isAsked(personId));
      const told = (['title', 'startsAt', 'endsAt', 'zone', 'place'] as const).some(
        (field) => next[field] !== before[field],
      );
      const sequence = before.sequence + (told || back ? 1 : 0);
      const gone = before.invitees.filter((one) => !isAsked(one.id));
      const meeting = await changed(before, revision, {
        ...about,
        agenda: items,
        invitees: asked,
        dropped: [
          ...before.dropped.filter(({ personId }) => !isAsked(personId)),
          ...gone.map((one) => ({ personId: one.id, sequence: sequence + 1 })),
        ],
        sequence,
        toAnnounce: true,
      });
      await announce(meeting);
      return shown(person, meeting);
    },

    /** Errors: those of the contract. */
    async hold(person: Person, id: string, revision: number): Promise<Meeting> {
      const before = await running(person, id);
      if (before.state === 'held') return shown(person, before);
      assertOpen(before, ['planned']);
      return shown(person, await changed(before, revision, { state: 'held', heldAt: clock() }));
    },

    /** Errors: those of the contract. */
    async cancel(person: Person, id: string, revision: number): Promise<Meeting> {
      const before = await running(person, id);
      if (before.state === 'cancelled') return shown(person, before);
      assertOpen(before, ['planned']);
      const { sequence } = before;
      const set = { state: 'cancelled', sequence: sequence + 1, toAnnounce: true } as const;
      const meeting = await changed(before, revision, set);
      log.info({ meetingId: id }, 'meeting cancelled');
      await announce(meeting);
      return shown(person, meeting);
    },

    /** Errors: those of the contract. */
    async note(
      person: Person,
      id: string,
      itemId: string,
      { note, noteRevision }: BodyOf<typeof meetingsEndpoints.note>,
    ): Promise<AgendaItem> {
      const meeting = await present(person, id);
      assertOpen(meeting, ['planned', 'held']);
      const of = ({ agenda }: StoredMeeting) => agenda.find((item) => item.id === itemId);
      const before = of(meeting);
      if (!before || before.gone) throw new AppError('not-found', 'There is no such item on the agenda.');
      const after = await store.note(id, itemId, noteRevision, note, clock());
      const item = after && of(after);
      if (!item)
        throw new AppError('meeting.changed', 'Somebody else has written about this item meanwhile.');
      return shownItem(item, await standingsOf([item]));
    },

    /** Hands to the outbox what a crash, or an outage, kept from it. */
    async sweep(): Promise<void> {
      for (const meeting of await store.toAnnounce()) await announce(meeting);
    },

    /** What meetings keep of a recording goes with it: titles and notes tell of the call. Decisions stay. May be repeated. */
    async eraseRecording(recordingId: string): Promise<void> {
      for (const { id } of await store.ofRecording(recordingId)) {
        for (;;) {
          const meeting = await store.byId(id);
          const touched = meeting?.agenda.some((item) => item.recordingId === recordingId && !item.gone);
          if (!meeting || !touched) break;
          const agenda = meeting.agenda.map((item) =>
            item.recordingId === recordingId
              ? {
                  ...item,
                  ...{ title: '', note: '', noteRevision: item.noteRevision + 1, picture: null, gone: true },
                }
              : item,
          );
          if (await store.change(id, meeting.revision, { agenda })) break;
        }
      }
    },
  };
}

type Standings = Awaited<ReturnType<MomentSources['clips']['standings']>>;

function shownItem({ callId: _, ...item }: StoredItem, standings: Standings): AgendaItem {
  const { masking = null, withdrawn = null } = standings.get(item.clipId ?? '') ?? {};
  return { ...item, masking, withdrawn };
}
