import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { id, idempotencyKey, type LocalText, localText, offsetMs, timeMs } from './primitives.ts';
import { socketEvent, socketRequest } from './socket.ts';

/** What was done for the very customer of the call, as the listener heard it. */
export const remedies = {
  replaced: { en: 'Replaced', zh: '换货' },
  refunded: { en: 'Refunded', zh: '退款' },
  coupon: { en: 'Coupon', zh: '补券' },
  apology: { en: 'Apology', zh: '致歉' },
  escalated: { en: 'Escalated', zh: '升级处理' },
  none: { en: 'Nothing', zh: '未补救' },
} as const satisfies Record<string, LocalText>;

export const remedyKind = z.enum(Object.keys(remedies) as [keyof typeof remedies]);
export type RemedyKind = keyof typeof remedies;

/** `text` says more, in the listener's own words; empty where there is no more to say. */
export const remedy = z.strictObject({ kind: remedyKind, text: z.string().trim().max(200) });
export type Remedy = z.infer<typeof remedy>;

/**
 * Who sees a mark beside its maker, always within the scope of the line. `private`: nobody. `room`: those who sat in
 * the slot that it was made in, and its hosts. `programme`: hosts, the CX team, and owners.
 */
export const bookmarkVisibility = z.enum(['private', 'room', 'programme']);
export type BookmarkVisibility = z.infer<typeof bookmarkVisibility>;

export const noteMaxLength = 2_000;
const note = z.string().trim().max(noteMaxLength);

export const bookmark = z.object({
  id,
  callId: id,
  /** Null while the call is not recorded (yet). */
  recordingId: id.nullable(),
  lineId: id,
  /** The slot in whose room it was made; null for a replay. */
  slotId: id.nullable(),
  /** From the recording's start; where there is none yet from the call's first packet, which is the same moment. */
  offsetMs,
  note: z.string(),
  visibility: bookmarkVisibility,
  remedy: remedy.nullable(),
  by: z.object({ id, name: localText, title: localText }),
  createdAt: timeMs,
  updatedAt: timeMs,
  /** To be named when it is changed or removed; counts from 1. */
  revision: z.number().int().positive(),
});
export type Bookmark = z.infer<typeof bookmark>;

/**
 * A moment of a live call, counted from the call's first packet (`call.startedAt`), or of a recording, counted from its
 * start. What counts is what was heard: the sender has taken the way to the ear into account.
 */
const moment = {
  callId: id.optional(),
  recordingId: id.optional(),
  offsetMs: offsetMs.max(2 ** 31),
};

export const markRequest = z
  .strictObject({
    ...moment,
    /** The room it is made in; without one it cannot be shown to a room. */
    slotId: id.optional(),
    note: note.default(''),
    visibility: bookmarkVisibility,
    remedy: remedy.nullable().default(null),
    idempotencyKey,
  })
  .refine(({ callId, recordingId }) => (callId === undefined) !== (recordingId === undefined), {
    path: ['callId'],
    message: 'either a call or a recording',
  })
  .refine(({ visibility, slotId }) => visibility !== 'room' || slotId !== undefined, {
    path: ['slotId'],
    message: 'a mark for a room needs its slot',
  });
export type MarkRequest = z.infer<typeof markRequest>;

const revision = z.number().int().positive();

export const bookmarksEndpoints = {
  mark: endpoint({
    id: 'bookmarks.mark',
    method: 'post',
    path: '/api/bookmarks',
    summary: 'Mark a moment. The same key again answers the same mark, as it is now.',
    auth: 'session',
    body: markRequest,
    response: bookmark,
    status: 201,
    errors: [
      'not-found',
      'ability.denied',
      'scope.denied',
      'seat.required',
      'recording.deleted',
      'idempotency.reused',
    ],
  }),
  list: endpoint({
    id: 'bookmarks.list',
    method: 'get',
    path: '/api/bookmarks',
    summary: 'Marks that the person may see: of a call, of a recording, of a slot, or all of their own.',
    auth: 'session',
    query: z.object({
      callId: id.optional(),
      recordingId: id.optional(),
      slotId: id.optional(),
      /** With none of the three above: only those of the last 90 days. */
      mine: z.enum(['true', 'false']).default('false'),
    }),
    response: z.object({ bookmarks: z.array(bookmark) }),
    errors: ['not-found', 'ability.denied', 'scope.denied'],
  }),
  edit: endpoint({
    id: 'bookmarks.edit',
    method: 'patch',
    path: '/api/bookmarks/{id}',
    summary: 'Change one’s own mark. Refused when it was changed in between (compare and set).',
    auth: 'session',
    params: z.object({ id }),
    body: z.strictObject({
      revision,
      note: note.optional(),
      visibility: bookmarkVisibility.optional(),
      remedy: remedy.nullable().optional(),
    }),
    response: bookmark,
    errors: ['not-found', 'ability.denied', 'scope.denied', 'bookmark.changed'],
  }),
  remove: endpoint({
    id: 'bookmarks.remove',
    method: 'delete',
    path: '/api/bookmarks/{id}',
    summary: 'Take one’s own mark away. Doing it again is no fault.',
    auth: 'session',
    params: z.object({ id }),
    query: z.object({ revision: z.coerce.number().pipe(revision) }),
    response: z.object({}),
    errors: ['ability.denied', 'scope.denied', 'bookmark.changed'],
  }),
} as const;

export const bookmarkRequests = {
  clock: socketRequest({
    event: 'clock:ask',
    summary:
      'The server’s clock, UTC ms: with the time of question and answer it tells what a client’s own is off.',
    from: 'person',
    input: z.strictObject({}),
    output: z.object({ now: timeMs }),
  }),
} as const;

export const bookmarkEvents = {
  changed: socketEvent({
    event: 'bookmark:changed',
    summary: 'A mark that this person may see was made or changed.',
    payload: z.object({ bookmark }),
  }),
  removed: socketEvent({
    event: 'bookmark:removed',
    summary: 'A mark is gone, or no longer for this person’s eyes.',
    payload: z.object({ id, callId: id, slotId: id.nullable() }),
  }),
} as const;
