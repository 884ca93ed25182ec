import { z } from 'zod';
import { endpoint } from './endpoint.ts';
import { codec, id, legRole, localText, timeMs } from './primitives.ts';

export const callState = z.enum(['open', 'live', 'ended']);
export type CallState = z.infer<typeof callState>;

export const callEndReason = z.enum(['telephony', 'hang-up', 'media-timeout', 'server-stop']);
export type CallEndReason = z.infer<typeof callEndReason>;

/** What the call is about, as the telephony side knows it. */
export const callFacts = z.object({
  orderId: z.string().max(64).optional(),
  sku: z.string().max(64).optional(),
  product: localText.optional(),
  scenarioId: id.optional(),
});
export type CallFacts = z.infer<typeof callFacts>;

export const callLeg = z.object({
  id,
  role: legRole,
  codec,
  state: z.enum(['waiting', 'live', 'held', 'ended']),
});
export type CallLeg = z.infer<typeof callLeg>;

/** Who asked for a pause: the telephony side by its key, the call's agent, or an admin. */
export const pausedBy = z.enum(['telephony', 'agent', 'admin']);
export type PausedBy = z.infer<typeof pausedBy>;

/**
 * Listening and capture stand still, for card numbers and the like: no listener hears the call and nothing of it is
 * stored. The two who talk go on hearing each other.
 */
export const callPause = z.object({
  since: timeMs,
  /** When it ends by itself, so that a forgotten pause does not lose the rest of the call. */
  until: timeMs,
  by: pausedBy,
});
export type CallPause = z.infer<typeof callPause>;

/** A call as people see it. The customer's number is masked before it is stored: only its last two digits are kept. */
export const call = z.object({
  id,
  lineId: id,
  state: callState,
  origin: z.enum(['rtp', 'softphone']),
  agentId: id.nullable(),
  agentName: localText.nullable(),
  customerMasked: z.string(),
  facts: callFacts,
  legs: z.array(callLeg),
  /** Null while the call may be heard and is kept. */
  pause: callPause.nullable(),
  openedAt: timeMs,
  /** First media packet; null while nobody has been heard. */
  startedAt: timeMs.nullable(),
  endedAt: timeMs.nullable(),
  endReason: callEndReason.nullable(),
  listeners: z.number().int().nonnegative(),
});
export type Call = z.infer<typeof call>;

const ip = z.union([z.ipv4(), z.ipv6()]);

/** A leg that will arrive as RTP (RFC 3550). `payloadType` defaults to 0 (PCMU), 8 (PCMA), 111 (opus). */
export const rtpLegRequest = z.strictObject({
  role: legRole,
  codec,
  payloadType: z.number().int().min(0).max(127).optional(),
  /** Payload type of telephone-event (RFC 4733): such packets are dropped, 101 unless told. */
  telephoneEventPayloadType: z.number().int().min(96).max(127).optional(),
  /** Packets from elsewhere are refused. Without it the first source is pinned. */
  source: z.strictObject({ address: ip, port: z.number().int().min(1).max(65535).optional() }).optional(),
});
export type RtpLegRequest = z.infer<typeof rtpLegRequest>;

export const openCallRequest = z.strictObject({
  /** The telephony side's own id; opening the same one twice answers the same call. */
  externalId: z.string().regex(/^[\x21-\x7e]{1,128}$/),
  lineId: id,
  agentId: id.optional(),
  customerNumber: z.string().max(32).optional(),
  facts: callFacts.optional(),
  legs: z.array(rtpLegRequest).min(1).max(4),
});
export type OpenCallRequest = z.infer<typeof openCallRequest>;

/** Where to send one leg's RTP; RTCP goes to port + 1 (RFC 3550 §11). */
export const rtpLegAddress = z.object({
  legId: id,
  role: legRole,
  codec,
  address: z.string(),
  port: z.number().int(),
  rtcpPort: z.number().int(),
});
export type RtpLegAddress = z.infer<typeof rtpLegAddress>;

const callParams = z.object({ id });
const legParams = z.object({ id, legId: id });

export const telephonyEndpoints = {
  open: endpoint({
    id: 'calls.open',
    method: 'post',
    path: '/api/calls',
    summary: 'Open a call; answers per leg the address and port to send RTP to.',
    auth: 'telephony',
    body: openCallRequest,
    response: z.object({ callId: id, externalId: z.string(), legs: z.array(rtpLegAddress) }),
    status: 201,
    errors: ['not-found', 'call.ended', 'media.unavailable', 'media.full'],
  }),
  addLeg: endpoint({
    id: 'calls.add-leg',
    method: 'post',
    path: '/api/calls/{id}/legs',
    summary: 'Add a leg to an open call.',
    auth: 'telephony',
    params: callParams,
    body: rtpLegRequest,
    response: rtpLegAddress,
    status: 201,
    errors: ['not-found', 'call.ended', 'call.legs', 'call.elsewhere', 'media.unavailable'],
  }),
  updateLeg: endpoint({
    id: 'calls.update-leg',
    method: 'patch',
    path: '/api/calls/{id}/legs/{legId}',
    summary: 'Put a leg on hold (its packets reach nobody) or take it back.',
    auth: 'telephony',
    params: legParams,
    body: z.strictObject({ hold: z.boolean() }),
    response: callLeg,
    errors: ['not-found', 'call.ended', 'call.elsewhere'],
  }),
  pause: endpoint({
    id: 'calls.pause',
    method: 'post',
    path: '/api/calls/{id}/pause',
    summary:
      'Nobody listens and nothing is stored from this answer on, until the call is resumed or the longest pause is over.',
    auth: 'telephony',
    params: callParams,
    response: call,
    errors: ['not-found', 'call.ended', 'call.elsewhere', 'call.paused'],
  }),
  resume: endpoint({
    id: 'calls.resume',
    method: 'post',
    path: '/api/calls/{id}/resume',
    summary: 'The call may be heard again and is kept again.',
    auth: 'telephony',
    params: callParams,
    response: call,
    errors: ['not-found', 'call.ended', 'call.elsewhere', 'call.not-paused'],
  }),
  end: endpoint({
    id: 'calls.end',
    method: 'post',
    path: '/api/calls/{id}/end',
    summary: 'End a call. Ending an ended call answers it as it is.',
    auth: 'telephony',
    params: callParams,
    response: call,
    errors: ['not-found', 'call.elsewhere'],
  }),
  show: endpoint({
    id: 'calls.show',
    method: 'get',
    path: '/api/calls/{id}',
    summary: 'One call, with packet counts per leg while it is live.',
    auth: 'telephony',
    params: callParams,
    response: call.extend({
      legStats: z.array(
        z.object({
          legId: id,
          received: z.number(),
          forwarded: z.number(),
          lost: z.number(),
          late: z.number(),
          refused: z.number(),
          ssrcChanges: z.number(),
          lastPacketAt: timeMs.nullable(),
        }),
      ),
    }),
    errors: ['not-found'],
  }),
} as const;

export const callsEndpoints = {
  live: endpoint({
    id: 'calls.live',
    method: 'get',
    path: '/api/live-calls',
    summary: 'Calls that are live now on the lines of the person’s scope.',
    auth: 'session',
    query: z.object({ lineId: id.optional() }),
    response: z.object({ calls: z.array(call) }),
  }),
  pause: endpoint({
    id: 'calls.pause-own',
    method: 'post',
    path: '/api/live-calls/{id}/pause',
    summary: 'The agent of the call, or an admin, keeps listeners and the recorder out of it for a while.',
    auth: 'session',
    params: callParams,
    response: call,
    errors: ['not-found', 'ability.denied', 'call.ended', 'call.elsewhere', 'call.paused'],
  }),
  resume: endpoint({
    id: 'calls.resume-own',
    method: 'post',
    path: '/api/live-calls/{id}/resume',
    summary: 'The call may be heard again and is kept again.',
    auth: 'session',
    params: callParams,
    response: call,
    errors: ['not-found', 'ability.denied', 'call.ended', 'call.elsewhere', 'call.not-paused'],
  }),
} as const;
