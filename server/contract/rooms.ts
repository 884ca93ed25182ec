import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { id, idempotencyKey, localText, timeMs } from './primitives.ts';
import { slot } from './seats.ts';
import { socketEvent, socketRequest } from './socket.ts';

/**
 * What the people of one slot do together: shared notes, messages, raised hands, and the call that the host brings
 * them to. Names always come from the session, never from what a client says.
 */

/** The shared text inside the notes' Yjs document (update format 1, https://docs.yjs.dev/api/document-updates). */
export const notesTextName = 'notes';
/** The largest update that is taken at once: all of the notes fit, as when a deletion of everything is undone. Bytes. */
export const notesUpdateMaxBytes = 90_000;
/** Where an editor stops. UTF-16 code units. */
export const notesEditorLength = 20_000;
/** The longest text of one slot's notes: two who fill it up at once must not lose what they wrote. UTF-16 code units. */
export const notesMaxLength = 24_000;
/** The longest message. UTF-16 code units. */
export const messageMaxLength = 1_000;
/** Notes that were written without a connection are still taken this long after the slot. Milliseconds. */
export const lateNotesMs = 24 * 3_600_000;
/** How many of the last messages an answer holds. */
export const messagesPerAnswer = 100;

/** Bytes of Yjs, on whatever kind of buffer it keeps them. */
const bytes = z.custom<Uint8Array>((given) => given instanceof Uint8Array, 'must be bytes');
/** As events bring them, a browser's socket.io hands over an ArrayBuffer. */
const eventBytes = z.union([bytes, z.instanceof(ArrayBuffer).transform((buffer) => new Uint8Array(buffer))]);
const update = bytes.refine((given) => given.length > 0 && given.length <= notesUpdateMaxBytes, {
  message: `must have 1 to ${notesUpdateMaxBytes} bytes`,
});
/** Which changes a copy has (Yjs state vector). */
const stateVector = bytes.refine((given) => given.length > 0 && given.length <= 16_384, {
  message: 'must have 1 to 16384 bytes',
});

export const roomMessage = z.object({
  id,
  /** Counts up within the slot: the order in which the server took them. */
  number: z.number().int().positive(),
  personId: id,
  name: localText,
  host: z.boolean(),
  /** Null when a host has removed it. */
  text: z.string().nullable(),
  sentAt: timeMs,
  /** As the sender gave it: tells them which of theirs has arrived. */
  key: idempotencyKey,
});
export type RoomMessage = z.infer<typeof roomMessage>;

export const raisedHand = z.object({ personId: id, name: localText, raisedAt: timeMs });
export type RaisedHand = z.infer<typeof raisedHand>;

/** Hands in the order they went up; a picture with a lower version is older. */
export const raisedHands = z.object({ version: z.number().int().nonnegative(), hands: z.array(raisedHand) });
export type RaisedHands = z.infer<typeof raisedHands>;

/** The host brought the room to another call. */
export const roomMove = z.object({
  id,
  /** Counts up within the slot. */
  number: z.number().int().positive(),
  callId: id,
  byId: id,
  by: localText,
  movedAt: timeMs,
});
export type RoomMove = z.infer<typeof roomMove>;

export const author = z.object({ personId: id, name: localText });
export type Author = z.infer<typeof author>;

const writtenText = z
  .string()
  .trim()
  .min(1)
  .max(messageMaxLength)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused; line feed and tab stay.
  .regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/, 'must have no control characters');

export const roomsRequests = {
  open: socketRequest({
    event: 'room:open',
    summary:
      'Take part in the room of a slot: its last messages, raised hands, and the call the host brought it to while that ' +
      'call is live. Asked again after every reconnect. Errors: as room:enter.',
    from: 'person',
    input: z.strictObject({ slotId: id }),
    output: z.object({
      host: z.boolean(),
      messages: z.array(roomMessage),
      /** There are older messages than these. */
      earlier: z.boolean(),
      raised: raisedHands,
      move: roomMove.nullable(),
    }),
  }),
  close: socketRequest({
    event: 'room:close',
    summary: 'Take no part any more; one’s raised hand goes down.',
    from: 'person',
    input: z.strictObject({ slotId: id }),
    output: z.object({}),
  }),
  move: socketRequest({
    event: 'room:move',
    summary:
      'Host: bring everybody in the room to this live call of the slot’s line. The same key answers the same move. ' +
      'Errors: ability.denied, scope.denied, call.ended, listening.none-live, slot.over, check-in.early, idempotency.reused.',
    from: 'person',
    input: z.strictObject({ slotId: id, callId: id, idempotencyKey }),
    output: z.object({ move: roomMove }),
  }),
  openNotes: socketRequest({
    event: 'notes:open',
    summary:
      'The changes that a copy with this state vector lacks, and the server’s own state vector. ' +
      'Errors: seat.required, scope.denied.',
    from: 'person',
    input: z.strictObject({ slotId: id, stateVector }),
    output: z.object({ update: bytes, stateVector: bytes, mayWrite: z.boolean() }),
  }),
  pushNotes: socketRequest({
    event: 'notes:push',
    summary:
      'Changes of one’s own. The answer means that they are stored; without it they are sent again, which changes ' +
      'nothing if they were. Errors: notes.update, notes.full, rate.limited, slot.over, seat.required, scope.denied.',
    from: 'person',
    input: z.strictObject({ slotId: id, update }),
    output: z.object({}),
  }),
  sendMessage: socketRequest({
    event: 'chat:send',
    summary:
      'A message to everybody in the room. The same key answers the same message. ' +
      'Errors: rate.limited, idempotency.reused, and as room:enter.',
    from: 'person',
    input: z.strictObject({ slotId: id, key: idempotencyKey, text: writtenText }),
    output: z.object({ message: roomMessage }),
  }),
  removeMessage: socketRequest({
    event: 'chat:remove',
    summary: 'Host: take a message’s text away; that there was one stays. Errors: ability.denied, not-found.',
    from: 'person',
    input: z.strictObject({ slotId: id, messageId: id }),
    output: z.object({ message: roomMessage }),
  }),
  earlierMessages: socketRequest({
    event: 'chat:earlier',
    summary: 'The messages before this number, the youngest of them last. Errors: as room:enter.',
    from: 'person',
    input: z.strictObject({ slotId: id, before: z.number().int().positive() }),
    output: z.object({ messages: z.array(roomMessage), earlier: z.boolean() }),
  }),
  raiseHand: socketRequest({
    event: 'hand:raise',
    summary: 'Raise one’s hand; raising it twice keeps its place. Errors: as room:enter.',
    from: 'person',
    input: z.strictObject({ slotId: id }),
    output: raisedHands,
  }),
  lowerHand: socketRequest({
    event: 'hand:lower',
    summary: 'Lower one’s own hand, or as the host anybody’s. Errors: ability.denied, and as room:enter.',
    from: 'person',
    input: z.strictObject({ slotId: id, personId: id.optional() }),
    output: raisedHands,
  }),
} as const;

export const roomsEvents = {
  notes: socketEvent({
    event: 'notes:changed',
    summary: 'Somebody wrote in the shared notes: their changes, stored.',
    payload: z.object({ slotId: id, update: eventBytes, by: author }),
  }),
  message: socketEvent({
    event: 'chat:message',
    summary: 'A message came, or a host removed its text.',
    payload: z.object({ slotId: id, message: roomMessage }),
  }),
  hands: socketEvent({
    event: 'room:hands',
    summary: 'Hands went up or down.',
    payload: z.object({ slotId: id, raised: raisedHands }),
  }),
  moved: socketEvent({
    event: 'room:moved',
    summary: 'The host brought the room to another call: who listens or waits joins that one next.',
    payload: z.object({ slotId: id, move: roomMove }),
  }),
} as const;

export const roomsEndpoints = {
  record: endpoint({
    id: 'rooms.record',
    method: 'get',
    path: '/api/slots/{id}/room',
    summary:
      'What the room of a slot wrote: its notes for those who were in it, its hosts and the CX team; its messages for ' +
      'those who were in it and its hosts only.',
    auth: 'session',
    params: z.object({ id }),
    response: z.object({
      slot,
      notes: z.string(),
      authors: z.array(author),
      /** The last 500; null for those who were not in the room. */
      messages: z.array(roomMessage).nullable(),
      /** When what the room wrote was deleted, by the line’s retention; null while it is kept. */
      clearedAt: timeMs.nullable(),
    }),
    errors: ['not-found', 'seat.required', 'scope.denied'],
  }),
} as const;
