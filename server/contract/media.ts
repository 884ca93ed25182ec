import { z } from 'zod';

/**
 * WebRTC parameters as they cross our doors. They are spelled out because malformed ones reach native code:
 * nothing that is not exactly of this shape goes further than the door.
 */
const short = z.string().min(1).max(256);

export const dtlsParameters = z.strictObject({
  role: z.enum(['auto', 'client', 'server']).optional(),
  fingerprints: z
    .array(
      z.strictObject({
        algorithm: z.enum(['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']),
        value: z.string().regex(/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){19,63}$/),
      }),
    )
    .min(1)
    .max(8),
});

const rtcpFeedback = z.strictObject({ type: short, parameter: z.string().max(64).optional() });
const codecParameters = z.record(z.string().max(64), z.union([z.string().max(128), z.number()]));
const payloadType = z.number().int().min(0).max(127);

export const rtpCapabilities = z.strictObject({
  codecs: z
    .array(
      z.strictObject({
        kind: z.enum(['audio', 'video']),
        mimeType: z.string().regex(/^(audio|video)\/[A-Za-z0-9.+-]{1,32}$/),
        preferredPayloadType: payloadType.optional(),
        clockRate: z.number().int().min(1).max(192_000),
        channels: z.number().int().min(1).max(8).optional(),
        parameters: codecParameters.optional(),
        rtcpFeedback: z.array(rtcpFeedback).max(16).optional(),
      }),
    )
    .max(64),
  headerExtensions: z
    .array(
      z.strictObject({
        kind: z.enum(['audio', 'video']),
        uri: short,
        preferredId: z.number().int().min(1).max(255),
        preferredEncrypt: z.boolean().optional(),
        direction: z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']).optional(),
      }),
    )
    .max(64)
    .optional(),
});

/** What a softphone sends: one audio stream. */
export const rtpSendParameters = z.strictObject({
  mid: z.string().max(32).optional(),
  msid: z.string().max(256).optional(),
  codecs: z
    .array(
      z.strictObject({
        mimeType: z.string().regex(/^audio\/[A-Za-z0-9.+-]{1,32}$/),
        payloadType,
        clockRate: z.number().int().min(1).max(192_000),
        channels: z.number().int().min(1).max(8).optional(),
        parameters: codecParameters.optional(),
        rtcpFeedback: z.array(rtcpFeedback).max(16).optional(),
      }),
    )
    .min(1)
    .max(8),
  headerExtensions: z
    .array(
      z.strictObject({
        uri: short,
        id: z.number().int().min(1).max(14),
        encrypt: z.boolean().optional(),
        parameters: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .max(32)
    .optional(),
  encodings: z
    .array(
      z.strictObject({
        ssrc: z.number().int().min(0).max(0xffffffff).optional(),
        rid: z.string().max(32).optional(),
        codecPayloadType: payloadType.optional(),
        dtx: z.boolean().optional(),
        maxBitrate: z.number().int().positive().optional(),
      }),
    )
    .max(1)
    .optional(),
  rtcp: z
    .strictObject({
      cname: z.string().max(256).optional(),
      reducedSize: z.boolean().optional(),
      mux: z.boolean().optional(),
    })
    .optional(),
});

/** A transport or consumer as the server offers it. The client library reads these; we only pass them on. */
export const transportOffer = z.object({
  id: z.string(),
  iceParameters: z.record(z.string(), z.unknown()),
  iceCandidates: z.array(z.record(z.string(), z.unknown())),
  dtlsParameters: z.record(z.string(), z.unknown()),
  /** TURN servers to go through where nothing else gets through; empty without any. As RTCPeerConnection takes them. */
  iceServers: z
    .array(z.object({ urls: z.array(z.string()), username: z.string(), credential: z.string() }))
    .default([]),
});
export type TransportOffer = z.infer<typeof transportOffer>;

export const consumerOffer = z.object({
  id: z.string(),
  producerId: z.string(),
  kind: z.literal('audio'),
  rtpParameters: z.record(z.string(), z.unknown()),
  legId: z.string(),
  role: z.enum(['agent', 'customer', 'bot']),
});
export type ConsumerOffer = z.infer<typeof consumerOffer>;
