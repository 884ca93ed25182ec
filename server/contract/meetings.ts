import { z } from 'zod';
import { clipWithdrawal } from './clips.ts';
import { endpoint } from './endpoint.ts';
import { masking } from './masking.ts';
import { id, idempotencyKey, localText, offsetMs, timeMs, zone } from './primitives.ts';
import { thumbnail } from './recordings.ts';

/** `planned` until it was `held`, or was called off. */
export const meetingState = z.enum(['planned', 'held', 'cancelled']);
export type MeetingState = z.infer<typeof meetingState>;

export const meetingLimits = {
  title: 120,
  place: 300,
  note: 4_000,
  action: 500,
  items: 30,
  invitees: 50,
} as const;
/** What a moment on an agenda takes before and after it, unless a clip says otherwise. Milliseconds. */
export const aroundMomentMs = { before: 20_000, after: 20_000 } as const;

const who = z.object({ id, name: localText, title: localText });

/** Why somebody is proposed: a node of the tree that they own, from the group down, e.g. "Supermarket › Baby". */
export const ownership = z.object({ businessId: id, path: localText });
export type Ownership = z.infer<typeof ownership>;

export const proposedInvitee = who.extend({ owns: z.array(ownership) });
export type ProposedInvitee = z.infer<typeof proposedInvitee>;

/**
 * How the invitation fares: on its way, delivered to the mail server, refused for good, or not sent because the person
 * has no address, or because this house has no mail server (`download`).
 */
export const invitationState = z.enum(['queued', 'sent', 'failed', 'no-address', 'download']);
export type InvitationState = z.infer<typeof invitationState>;

export const invitee = proposedInvitee.extend({
  invitation: invitationState,
  /** Why it failed, in a word that operations understand: `smtp-550`. */
  cause: z.string().nullable(),
});
export type Invitee = z.infer<typeof invitee>;

/** One moment on the agenda: a span of a recording, as a clip where it was cut. */
export const agendaItem = z.object({
  id,
  recordingId: id,
  lineId: id,
  clipId: id.nullable(),
  bookmarkId: id.nullable(),
  title: z.string(),
  /** From the recording’s start. */
  fromMs: offsetMs,
  toMs: offsetMs,
  callStartedAt: timeMs,
  /** How loud both voices are in that span, evenly spaced; null where that is not known. */
  picture: thumbnail.nullable(),
  /** What was said about it in the meeting. */
  note: z.string(),
  /** To be named when the note is changed; counts from 0. */
  noteRevision: z.number().int().nonnegative(),
  /** The recording was deleted: nothing of it is left to hear. */
  gone: z.boolean(),
  /** What of its clip is silenced; null where there is none, or none yet. */
  masking: masking.nullable(),
  /** Its clip was taken back: nobody hears it. */
  withdrawn: clipWithdrawal.nullable(),
});
export type AgendaItem = z.infer<typeof agendaItem>;

export const actionState = z.enum(['open', 'done', 'dropped']);
export type ActionState = z.infer<typeof actionState>;

/** A calendar day, e.g. 2026-03-31. */
export const day = z.iso.date();

/** What was decided: somebody does something until a day. */
export const action = z.object({
  id,
  meetingId: id,
  meetingTitle: z.string(),
  /** The moment it came from, if one. */
  itemId: id.nullable(),
  text: z.string(),
  owner: who.omit({ title: true }),
  dueOn: day,
  /** It is open and its day is over, in the meeting’s zone. */
  overdue: z.boolean(),
  state: actionState,
  decidedAt: timeMs,
  decidedBy: who.omit({ title: true }),
  /** When it was done or dropped. */
  closedAt: timeMs.nullable(),
  revision: z.number().int().positive(),
});
export type Action = z.infer<typeof action>;

export const meetingSummary = z.object({
  id,
  title: z.string(),
  startsAt: timeMs,
  endsAt: timeMs,
  zone,
  place: z.string(),
  state: meetingState,
  organiser: who,
  items: z.number().int().nonnegative(),
  openActions: z.number().int().nonnegative(),
});
export type MeetingSummary = z.infer<typeof meetingSummary>;

export const meeting = meetingSummary.omit({ items: true, openActions: true }).extend({
  invitees: z.array(invitee),
  agenda: z.array(agendaItem),
  actions: z.array(action),
  /** Whether invitations go out by mail here. */
  mails: z.boolean(),
  /** Whether the asking person may change it. */
  mine: z.boolean(),
  /** To be named when it is changed; counts from 1. */
  revision: z.number().int().positive(),
});
export type Meeting = z.infer<typeof meeting>;

/** A moment to be put on an agenda: a clip, a mark, or a span of a recording. */
export const pickedMoment = z
  .strictObject({
    clipId: id.optional(),
    bookmarkId: id.optional(),
    recordingId: id.optional(),
    fromMs: offsetMs.max(2 ** 31).optional(),
    toMs: offsetMs.max(2 ** 31).optional(),
    title: z.string().trim().max(200).optional(),
  })
  .refine(
    ({ clipId, bookmarkId, recordingId }) =>
      [clipId, bookmarkId, recordingId].filter((one) => one !== undefined).length === 1,
    { message: 'either a clip, a mark, or a recording' },
  )
  .refine(
    ({ recordingId, fromMs, toMs }) =>
      recordingId === undefined || (fromMs !== undefined && toMs !== undefined && toMs > fromMs),
    { path: ['toMs'], message: 'a recording needs a span: toMs after fromMs' },
  );
export type PickedMoment = z.infer<typeof pickedMoment>;

const title = z.string().trim().min(1).max(meetingLimits.title);
const place = z.string().trim().max(meetingLimits.place);
const moments = z.array(pickedMoment).min(1).max(meetingLimits.items);
const invitees = z.array(id).max(meetingLimits.invitees);
const params = z.object({ id });
const itemParams = z.object({ id, itemId: id });
const revision = z.number().int().positive();

export const meetingsEndpoints = {
  propose: endpoint({
    id: 'meetings.propose',
    method: 'post',
    path: '/api/meetings/proposal',
    summary:
      'Who should be there when these moments are talked about: the owners of what the calls were about.',
    auth: 'session',
    body: z.strictObject({ moments }),
    response: z.object({
      moments: z.array(
        agendaItem.omit({ note: true, noteRevision: true, gone: true, masking: true, withdrawn: true }),
      ),
      invitees: z.array(proposedInvitee),
      /** Everybody who can be asked besides. */
      others: z.array(who),
    }),
    errors: ['not-found', 'ability.denied', 'scope.denied', 'recording.deleted'],
  }),
  plan: endpoint({
    id: 'meetings.plan',
    method: 'post',
    path: '/api/meetings',
    summary:
      'Convene: moments for the agenda, people, a time. Invitations go out. The same key answers the same meeting.',
    auth: 'session',
    body: z.strictObject({
      title,
      startsAt: timeMs,
      endsAt: timeMs,
      zone,
      place,
      moments,
      invitees,
      idempotencyKey,
    }),
    response: meeting,
    status: 201,
    errors: ['not-found', 'ability.denied', 'scope.denied', 'recording.deleted', 'idempotency.reused'],
  }),
  people: endpoint({
    id: 'meetings.people',
    method: 'get',
    path: '/api/meetings/people',
    summary: 'Everybody who can be asked to a meeting.',
    auth: 'session',
    response: z.object({ people: z.array(who) }),
    errors: ['ability.denied'],
  }),
  list: endpoint({
    id: 'meetings.list',
    method: 'get',
    path: '/api/meetings',
    summary:
      'Meetings that the person convened or is asked to, and all of them for those who look after the programme.',
    auth: 'session',
    response: z.object({ meetings: z.array(meetingSummary) }),
    errors: ['ability.denied'],
  }),
  show: endpoint({
    id: 'meetings.show',
    method: 'get',
    path: '/api/meetings/{id}',
    summary: 'One meeting with its agenda and what was decided.',
    auth: 'session',
    params,
    response: meeting,
    errors: ['not-found'],
  }),
  change: endpoint({
    id: 'meetings.change',
    method: 'patch',
    path: '/api/meetings/{id}',
    summary: 'Change a planned meeting. A new time, place or title sends everybody an update.',
    auth: 'session',
    params,
    body: z.strictObject({
      revision,
      title: title.optional(),
      startsAt: timeMs.optional(),
      endsAt: timeMs.optional(),
      zone: zone.optional(),
      place: place.optional(),
      invitees: invitees.optional(),
      /** The agenda in its new order, by id; what is left out is taken off. */
      agenda: z.array(id).max(meetingLimits.items).optional(),
      /** Put at the end. */
      moments: z.array(pickedMoment).max(meetingLimits.items).optional(),
    }),
    response: meeting,
    errors: [
      'not-found',
      'ability.denied',
      'scope.denied',
      'recording.deleted',
      'meeting.changed',
      'meeting.state',
    ],
  }),
  hold: endpoint({
    id: 'meetings.hold',
    method: 'post',
    path: '/api/meetings/{id}/hold',
    summary: 'It took place. Doing it again answers it as it is.',
    auth: 'session',
    params,
    body: z.strictObject({ revision }),
    response: meeting,
    errors: ['not-found', 'ability.denied', 'meeting.changed', 'meeting.state'],
  }),
  cancel: endpoint({
    id: 'meetings.cancel',
    method: 'post',
    path: '/api/meetings/{id}/cancel',
    summary: 'Call it off; everybody who was asked is told. Doing it again answers it as it is.',
    auth: 'session',
    params,
    body: z.strictObject({ revision }),
    response: meeting,
    errors: ['not-found', 'ability.denied', 'meeting.changed', 'meeting.state'],
  }),
  invitation: endpoint({
    id: 'meetings.invitation',
    method: 'get',
    path: '/api/meetings/{id}/invitation',
    summary: 'The invitation as a calendar file (RFC 5545), for those whom no mail reaches.',
    auth: 'session',
    params,
    response: z.object({ fileName: z.string(), method: z.enum(['REQUEST', 'CANCEL']), ics: z.string() }),
    errors: ['not-found'],
  }),
  audio: endpoint({
    id: 'meetings.audio',
    method: 'post',
    path: '/api/meetings/{id}/items/{itemId}/audio',
    summary:
      'Short-lived signed addresses of one item’s sound. Whoever is asked to the meeting may hear its clips, also outside their scope; the hearing is logged with that reason.',
    auth: 'session',
    params: itemParams,
    response: z.object({
      hearingId: id,
      /** The same sound in every form there is, best first. */
      renderings: z.array(z.object({ contentType: z.string(), url: z.string() })).min(1),
      /** Where the item begins and ends in that file. */
      fromMs: offsetMs,
      toMs: offsetMs,
      gainDb: z.number(),
      expiresAt: timeMs,
    }),
    errors: [
      'not-found',
      'ability.denied',
      'scope.denied',
      'clip.not-ready',
      'clip.withdrawn',
      'recording.not-ready',
      'recording.deleted',
      'store.storage',
    ],
  }),
  note: endpoint({
    id: 'meetings.note',
    method: 'post',
    path: '/api/meetings/{id}/items/{itemId}/note',
    summary: 'Write down what was said about an item. Refused when somebody else wrote meanwhile.',
    auth: 'session',
    params: itemParams,
    body: z.strictObject({
      note: z.string().max(meetingLimits.note),
      noteRevision: z.number().int().nonnegative(),
    }),
    response: agendaItem,
    errors: ['not-found', 'ability.denied', 'meeting.changed', 'meeting.state'],
  }),
  decide: endpoint({
    id: 'meetings.decide',
    method: 'post',
    path: '/api/meetings/{id}/actions',
    summary: 'A decision becomes an action: who does what until when. The same key answers the same action.',
    auth: 'session',
    params,
    body: z.strictObject({
      itemId: id.nullable(),
      text: z.string().trim().min(1).max(meetingLimits.action),
      ownerId: id,
      dueOn: day,
      idempotencyKey,
    }),
    response: action,
    status: 201,
    errors: ['not-found', 'ability.denied', 'meeting.state', 'idempotency.reused'],
  }),
  myActions: endpoint({
    id: 'meetings.my-actions',
    method: 'get',
    path: '/api/actions',
    summary:
      'Actions of mine: the open ones, what is due first on top, and those closed in the last 30 days.',
    auth: 'session',
    response: z.object({ actions: z.array(action) }),
  }),
  changeAction: endpoint({
    id: 'meetings.change-action',
    method: 'patch',
    path: '/api/actions/{id}',
    summary:
      'Mark an action as done, drop it, open it again, or move its day. Its owner and those who run the meeting may.',
    auth: 'session',
    params,
    body: z.strictObject({
      revision,
      state: actionState.optional(),
      dueOn: day.optional(),
      ownerId: id.optional(),
    }),
    response: action,
    errors: ['not-found', 'ability.denied', 'meeting.changed'],
  }),
} as const;
