import { z } from 'zod';
import { call } from './calls.ts';
import { id, localText, timeMs } from './primitives.ts';
import { socketEvent, socketRequest } from './socket.ts';

/**
 * What a listener in a room follows. `chosen`: one call, for as long as it lasts. `line`: the calls of the seat's line,
 * one after the other. `business`: those of every line of one's own businesses. `surprise`: what one has not heard yet.
 */
export const followMode = z.enum(['chosen', 'line', 'business', 'surprise']);
export type FollowMode = z.infer<typeof followMode>;

const durationMs = z.number().int().nonnegative();

/** Why a call was given to a listener, with the facts behind it. The first one counted most, save for `waited`. */
export const followReason = z.discriminatedUnion('criterion', [
  z.object({ criterion: z.literal('chosen') }),
  /** `longest`: nobody who may hear the call had waited longer. */
  z.object({ criterion: z.literal('waited'), waitedMs: durationMs, longest: z.boolean() }),
  z.object({ criterion: z.literal('wanted'), scenarioId: id }),
  /** `days`: so far back is remembered, and this was not heard since. */
  z.object({ criterion: z.literal('new-scenario'), scenarioId: id, days: z.number().int().positive() }),
  z.object({ criterion: z.literal('new-product'), product: localText, days: z.number().int().positive() }),
  z.object({ criterion: z.literal('new-agent'), days: z.number().int().positive() }),
  z.object({ criterion: z.literal('young'), ageMs: durationMs }),
  z.object({ criterion: z.literal('alone') }),
  /** How lively the voices are, 0–1: a hint from the sound, no emotion. */
  z.object({ criterion: z.literal('lively'), hint: z.number().min(0).max(1) }),
  z.object({ criterion: z.literal('other-line'), lineId: id }),
  z.object({ criterion: z.literal('chance') }),
  z.object({ criterion: z.literal('only') }),
  /** Nothing about it is special, and no other call would have suited better. */
  z.object({ criterion: z.literal('best') }),
]);
export type FollowReason = z.infer<typeof followReason>;

/** What most keeps the live calls in scope from a seat that waits. */
export const followBar = z.enum(['paused', 'ending', 'full', 'heard', 'elsewhere']);
export type FollowBar = z.infer<typeof followBar>;

export const followState = z.object({
  slotId: id,
  /** Null: nothing is followed. */
  mode: followMode.nullable(),
  /** The chosen call. */
  callId: id.nullable(),
  /** Calls about this are preferred. */
  scenarioId: id.nullable(),
  /** May this seat follow calls of other lines? */
  across: z.boolean(),
  phase: z.enum(['off', 'waiting', 'offered', 'hearing']),
  waitingSince: timeMs.nullable(),
  /** Seats that wait for the same calls and have waited longer. */
  before: z.number().int().nonnegative(),
  /** Calls that are live in scope, whether or not they can be given. */
  live: z.number().int().nonnegative(),
  barred: followBar.nullable(),
  /** What would be given if the call that is heard ended now. */
  next: z.object({ call, why: z.array(followReason) }).nullable(),
  /** Why the following stopped although the listener did not stop it. */
  stoppedBy: z.enum(['another-window', 'slot-over', 'seat-lost', 'call-over', 'no-answer']).nullable(),
});
export type FollowState = z.infer<typeof followState>;

/** The client joins what it is offered by `listening:join`, which looks at the scope itself. */
export const followRequests = {
  follow: socketRequest({
    event: 'listening:follow',
    summary: 'Be given calls to hear, one after the other, until told otherwise. Changing keeps one’s place.',
    from: 'person',
    input: z
      .strictObject({ slotId: id, mode: followMode, callId: id.optional(), scenarioId: id.optional() })
      .refine(({ mode, callId }) => (mode === 'chosen') === (callId !== undefined), {
        message: 'goes with the mode `chosen`, and only with that',
        path: ['callId'],
      }),
    output: followState,
  }),
  unfollow: socketRequest({
    event: 'listening:unfollow',
    summary: 'Be given no more calls. What is heard now goes on.',
    from: 'person',
    input: z.strictObject({ slotId: id }),
    output: z.object({}),
  }),
} as const;

export const followEvents = {
  offered: socketEvent({
    event: 'listening:offered',
    summary: 'This call is for this listener: join it.',
    payload: z.object({ slotId: id, callId: id, call, mode: followMode, why: z.array(followReason) }),
  }),
  changed: socketEvent({
    event: 'listening:following',
    summary: 'What the listener follows, their place among those who wait, or the call that would be next.',
    payload: followState,
  }),
} as const;
