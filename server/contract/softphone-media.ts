import { z } from 'zod';
import { call } from './calls.ts';
import {
  consumerOffer,
  dtlsParameters,
  rtpCapabilities,
  rtpSendParameters,
  transportOffer,
} from './media.ts';
import { id } from './primitives.ts';
import { socketEvent, socketRequest } from './socket.ts';

/**
 * The softphone's media, for the agent (signed in) and the customer (socket auth `{customerToken}`).
 * The order on the client: softphone:join → softphone:connect (send) → softphone:produce →
 * softphone:connect (receive) → softphone:resume.
 */
export const softphoneRequests = {
  join: socketRequest({
    event: 'softphone:join',
    summary: 'Take one’s side of the call. A second join of the same side replaces the first.',
    from: 'both',
    input: z.strictObject({ callId: id, rtpCapabilities }),
    output: z.object({
      call,
      legId: id,
      role: z.enum(['agent', 'customer']),
      routerRtpCapabilities: z.record(z.string(), z.unknown()),
      sendTransport: transportOffer,
      receiveTransport: transportOffer,
      consumers: z.array(consumerOffer),
    }),
  }),
  capabilities: socketRequest({
    event: 'softphone:capabilities',
    summary: 'The router’s RTP capabilities, to load the client’s device before joining.',
    from: 'both',
    input: z.strictObject({}),
    output: z.object({ routerRtpCapabilities: z.record(z.string(), z.unknown()) }),
  }),
  connect: socketRequest({
    event: 'softphone:connect',
    summary: 'Finish one of the two transports.',
    from: 'both',
    input: z.strictObject({ callId: id, transportId: z.string().max(64), dtlsParameters }),
    output: z.object({}),
  }),
  produce: socketRequest({
    event: 'softphone:produce',
    summary: 'Send the microphone.',
    from: 'both',
    input: z.strictObject({ callId: id, kind: z.literal('audio'), rtpParameters: rtpSendParameters }),
    output: z.object({ producerId: z.string() }),
  }),
  resume: socketRequest({
    event: 'softphone:resume',
    summary: 'Let the other side be heard.',
    from: 'both',
    input: z.strictObject({ callId: id, consumerIds: z.array(z.string().max(64)).max(8).optional() }),
    output: z.object({}),
  }),
  restartIce: socketRequest({
    event: 'softphone:restart-ice',
    summary: 'New ICE credentials for one of the two transports.',
    from: 'both',
    input: z.strictObject({ callId: id, transportId: z.string().max(64) }),
    output: z.object({ iceParameters: z.record(z.string(), z.unknown()) }),
  }),
  mute: socketRequest({
    event: 'softphone:hold',
    summary: 'Put one’s own side on hold or take it back.',
    from: 'both',
    input: z.strictObject({ callId: id, hold: z.boolean() }),
    output: z.object({}),
  }),
  hangUp: socketRequest({
    event: 'softphone:hang-up',
    summary: 'End the call from either side.',
    from: 'both',
    input: z.strictObject({ callId: id }),
    output: z.object({}),
  }),
} as const;

export const softphoneEvents = {
  consumerAdded: socketEvent({
    event: 'softphone:consumer',
    summary: 'The other side speaks now: consume it and resume.',
    payload: z.object({ callId: id, consumer: consumerOffer }),
  }),
  consumerClosed: socketEvent({
    event: 'softphone:consumer-closed',
    summary: 'The other side’s stream closed.',
    payload: z.object({ callId: id, consumerId: z.string() }),
  }),
  interrupted: socketEvent({
    event: 'softphone:interrupted',
    summary: 'The media path was lost on the server’s side: join again.',
    payload: z.object({ callId: id, reason: z.enum(['media-restart', 'replaced', 'server-stop']) }),
  }),
  ended: socketEvent({
    event: 'softphone:ended',
    summary: 'The call is over.',
    payload: z.object({ callId: id }),
  }),
} as const;
