import { z } from 'zod';
import { call } from './calls.ts';
import { consumerOffer, dtlsParameters, rtpCapabilities, transportOffer } from './media.ts';
import { id, localText, timeMs } from './primitives.ts';
import { slot } from './seats.ts';
import { socketEvent, socketRequest } from './socket.ts';

export const rosterEntry = z.object({
  personId: id,
  name: localText,
  title: localText,
  host: z.boolean(),
  /** The call this person hears now, if any. */
  callId: id.nullable(),
});
export type RosterEntry = z.infer<typeof rosterEntry>;

const rawCapabilities = z.record(z.string(), z.unknown());

/**
 * The live room. The order on the client: room:enter → listening:join (consumers come paused) →
 * listening:connect → listening:resume. There is no request by which a listener could send media.
 */
export const listeningRequests = {
  enter: socketRequest({
    event: 'room:enter',
    summary: 'Enter the room of a slot: with a checked-in seat, or as the host.',
    from: 'person',
    input: z.strictObject({ slotId: id }),
    output: z.object({
      slot,
      calls: z.array(call),
      roster: z.array(rosterEntry),
      routerRtpCapabilities: rawCapabilities,
      /** For a seat that is delayed: how far behind it hears, by `listening:join-delayed`. Null hears live. */
      delayMs: z.number().int().positive().nullable(),
      now: timeMs,
    }),
  }),
  exit: socketRequest({
    event: 'room:exit',
    summary: 'Leave the room; a running listening ends.',
    from: 'person',
    input: z.strictObject({ slotId: id }),
    output: z.object({}),
  }),
  join: socketRequest({
    event: 'listening:join',
    summary:
      'Hear a live call of the slot’s line; without callId the next one. Ends the listening before it.',
    from: 'person',
    input: z.strictObject({ slotId: id, callId: id.optional(), rtpCapabilities }),
    output: z.object({ listeningId: id, call, transport: transportOffer, consumers: z.array(consumerOffer) }),
  }),
  connect: socketRequest({
    event: 'listening:connect',
    summary: 'Finish the transport with the client’s DTLS parameters.',
    from: 'person',
    input: z.strictObject({ listeningId: id, dtlsParameters }),
    output: z.object({}),
  }),
  resume: socketRequest({
    event: 'listening:resume',
    summary: 'The client is ready: let the packets flow.',
    from: 'person',
    input: z.strictObject({ listeningId: id, consumerIds: z.array(z.string().max(64)).max(8).optional() }),
    output: z.object({}),
  }),
  restartIce: socketRequest({
    event: 'listening:restart-ice',
    summary: 'New ICE credentials after the network changed (RFC 8445 §9).',
    from: 'person',
    input: z.strictObject({ listeningId: id }),
    output: z.object({ iceParameters: z.record(z.string(), z.unknown()) }),
  }),
  leave: socketRequest({
    event: 'listening:leave',
    summary: 'Stop hearing; the seat stays.',
    from: 'person',
    input: z.strictObject({ listeningId: id }),
    output: z.object({}),
  }),
  quality: socketRequest({
    event: 'listening:quality',
    summary:
      'What the client measured: round trip and jitter in ms, loss as a ratio 0–1, since the last report.',
    from: 'person',
    input: z.strictObject({
      listeningId: id,
      roundTripMs: z.number().min(0).max(60_000).nullable(),
      jitterMs: z.number().min(0).max(60_000),
      lossRatio: z.number().min(0).max(1),
      receivedPackets: z.number().int().nonnegative(),
    }),
    output: z.object({}),
  }),
} as const;

export const listeningEvents = {
  roster: socketEvent({
    event: 'room:roster',
    summary: 'Who is in the room of a slot.',
    payload: z.object({ slotId: id, roster: z.array(rosterEntry) }),
  }),
  callStarted: socketEvent({
    event: 'call:started',
    summary: 'A call on a line in scope can be heard.',
    payload: z.object({ call }),
  }),
  callUpdated: socketEvent({
    event: 'call:updated',
    summary: 'Facts, legs or the number of listeners changed.',
    payload: z.object({ call }),
  }),
  callEnded: socketEvent({
    event: 'call:ended',
    summary: 'The call is over.',
    payload: z.object({ call }),
  }),
  consumerAdded: socketEvent({
    event: 'listening:consumer',
    summary: 'A leg joined the call that is heard: consume it and resume.',
    payload: z.object({ listeningId: id, consumer: consumerOffer }),
  }),
  consumerClosed: socketEvent({
    event: 'listening:consumer-closed',
    summary: 'A leg left the call that is heard.',
    payload: z.object({ listeningId: id, consumerId: z.string(), legId: id }),
  }),
  interrupted: socketEvent({
    event: 'listening:interrupted',
    summary: 'The media path was lost on the server’s side; join again with the same call.',
    payload: z.object({
      listeningId: id,
      callId: id,
      reason: z.enum(['media-restart', 'slot-over', 'seat-lost', 'server-stop', 'connection-lost']),
    }),
  }),
} as const;

export const seatsEvents = {
  slotChanged: socketEvent({
    event: 'slot:changed',
    summary: 'Seats of a slot in scope were taken or given back, or the slot was planned.',
    payload: z.object({ slotId: id, lineId: id, taken: z.number().int(), seats: z.number().int() }),
  }),
} as const;
