import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { action, meetingState } from './meetings.ts';
import { id, offsetMs, timeMs } from './primitives.ts';

/** A moment of a recording that a meeting talked about, and what was decided about it. */
export const decision = z.object({
  meetingId: id,
  meetingTitle: z.string(),
  startsAt: timeMs,
  state: meetingState,
  itemId: id,
  clipId: id.nullable(),
  fromMs: offsetMs,
  toMs: offsetMs,
  actions: z.array(action),
});
export type Decision = z.infer<typeof decision>;

export const decisionsEndpoints = {
  ofRecording: endpoint({
    id: 'decisions.of-recording',
    method: 'get',
    path: '/api/recordings/{id}/decisions',
    summary:
      'What came of a recording: the moments of it that meetings of this person talked about, and the actions that were decided about each.',
    auth: 'session',
    params: z.object({ id }),
    response: z.object({ decisions: z.array(decision) }),
    errors: ['not-found', 'ability.denied', 'scope.denied'],
  }),
} as const;
