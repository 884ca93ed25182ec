import { z } from 'zod';

/**
 * Every error code that crosses a door, with the HTTP status it has there.
 * Codes are stable: clients, the telephony side and support staff quote them.
 */
export const errorStatus = {
  'request.invalid': 400,
  'request.malformed': 400,
  'request.too-large': 413,
  'session.required': 401,
  'session.csrf': 403,
  'telephony.key': 401,
  'ability.denied': 403,
  'scope.denied': 403,
  'not-found': 404,
  'route.unknown': 404,
  'rate.limited': 429,
  'idempotency.reused': 409,
  'slot.full': 409,
  'slot.over': 409,
  'slot.overlap': 409,
  'reservation.exists': 409,
  'reservation.state': 409,
  'check-in.early': 409,
  'check-in.late': 409,
  'call.exists': 409,
  'call.ended': 409,
  'call.elsewhere': 409,
  'call.legs': 409,
  'call.paused': 409,
  'call.not-paused': 409,
  'leg.exists': 409,
  'leg.codec': 400,
  'seat.required': 403,
  'listening.unknown': 404,
  'listening.none-live': 409,
  'listening.produce': 403,
  'listening.delayed': 403,
  'shift.unavailable': 503,
  'media.parameters': 400,
  'media.capabilities': 400,
  'media.unavailable': 503,
  'media.full': 503,
  'customer-link.used': 410,
  'customer-link.unknown': 404,
  'recording.not-ready': 409,
  'recording.deleted': 410,
  'recording.held': 409,
  'recording.too-young': 409,
  'recording.no-retry': 409,
  'tag.decided': 409,
  'bookmark.changed': 409,
  'clip.not-ready': 409,
  'clip.no-retry': 409,
  'clip.withdrawn': 410,
  'notes.update': 400,
  'notes.full': 409,
  'meeting.changed': 409,
  'meeting.state': 409,
  'store.unavailable': 503,
  'store.storage': 503,
  internal: 500,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof errorStatus;
export const errorCode = z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]]);

/** What a client receives. `message` is a sentence for people; `details` never carries secrets or personal data. */
export const errorBody = z.object({
  error: z.object({
    code: errorCode,
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
    requestId: z.string().optional(),
  }),
});
export type ErrorBody = z.infer<typeof errorBody>;
