import { z } from 'zod';
import { lineNotice } from './businesses.ts';
import { call } from './calls.ts';
import { endpoint } from './endpoint.ts';
import { heardBy } from './hearings.ts';
import { id, localText, timeMs } from './primitives.ts';

/** The agent's page opens a call; the customer joins by a link that works once. */
export const softphoneEndpoints = {
  open: endpoint({
    id: 'softphone.open',
    method: 'post',
    path: '/api/softphone/calls',
    summary: 'Open a browser call on a line; answers the one-time link for the customer.',
    auth: 'session',
    body: z.strictObject({ lineId: id, scenarioId: id.optional(), note: z.string().max(200).optional() }),
    response: z.object({ call, customerPath: z.string(), expiresAt: timeMs }),
    status: 201,
    errors: ['not-found', 'media.unavailable'],
  }),
  mine: endpoint({
    id: 'softphone.mine',
    method: 'get',
    path: '/api/softphone/calls',
    summary: 'The agent’s own calls today, the live one first, with who heard them.',
    auth: 'session',
    response: z.object({
      calls: z.array(
        call.extend({
          /** As far as the line's notice tells by now. */
          heardBy: z.array(heardBy),
          notice: lineNotice,
        }),
      ),
    }),
  }),
  end: endpoint({
    id: 'softphone.end',
    method: 'post',
    path: '/api/softphone/calls/{id}/end',
    summary: 'The agent hangs up.',
    auth: 'session',
    params: z.object({ id }),
    response: call,
    errors: ['not-found', 'call.elsewhere'],
  }),
  link: endpoint({
    id: 'softphone.link',
    method: 'get',
    path: '/api/customer-links/{token}',
    summary:
      'What the customer sees before talking: the line, and that the call is recorded and may be listened to.',
    auth: 'customer-link',
    params: z.object({ token: id }),
    response: z.object({ callId: id, lineName: localText, state: z.enum(['ready', 'live', 'ended']) }),
    errors: ['customer-link.unknown', 'customer-link.used'],
  }),
} as const;
