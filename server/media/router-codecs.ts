import type { types } from 'mediasoup';
import type { Codec } from '#contract/primitives.ts';
import { AppError } from '#kernel/errors.ts';

/**
 * What every router takes, in this order and with these payload types on every worker: a client's device,
 * loaded once, fits all of them. Opus is 48000 Hz and two channels on the wire whatever it carries (RFC 7587 §7).
 */
export const routerCodecs: types.RouterRtpCodecCapability[] = [
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    preferredPayloadType: 111,
    clockRate: 48_000,
    channels: 2,
    parameters: { useinbandfec: 1, minptime: 10 },
  },
  { kind: 'audio', mimeType: 'audio/PCMU', preferredPayloadType: 0, clockRate: 8_000, channels: 1 },
  { kind: 'audio', mimeType: 'audio/PCMA', preferredPayloadType: 8, clockRate: 8_000, channels: 1 },
];

interface CodecFacts {
  readonly mimeType: `audio/${Codec}`;
  /** Hz. */
  readonly clockRate: number;
  readonly channels: number;
}

const facts: Record<Codec, CodecFacts> = {
  opus: { mimeType: 'audio/opus', clockRate: 48_000, channels: 2 },
  PCMU: { mimeType: 'audio/PCMU', clockRate: 8_000, channels: 1 },
  PCMA: { mimeType: 'audio/PCMA', clockRate: 8_000, channels: 1 },
};

export const codecFacts = (codec: Codec): CodecFacts => facts[codec];

/** RTP parameters of a telephony leg at the SFU's intake: one codec, one known SSRC, no feedback. */
export function telephonyParameters(codec: Codec, payloadType: number, ssrc: number): types.RtpParameters {
  return {
    codecs: [
      {
        ...facts[codec],
        payloadType,
        parameters: codec === 'opus' ? { useinbandfec: 1 } : {},
        rtcpFeedback: [],
      },
    ],
    headerExtensions: [],
    encodings: [{ ssrc }],
    rtcp: { reducedSize: true },
  };
}

const keptExtensions = new Set([
  'urn:ietf:params:rtp-hdrext:sdes:mid',
  'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
]);

/**
 * What a listener's consumers are negotiated with: the listener's own codecs, without bandwidth estimation.
 * A 64 kbit/s audio stream is never adapted, so transport-wide feedback would only cost packets and CPU.
 * Error: `media.capabilities` when they are not of that shape at all.
 */
export function listeningCapabilities(given: Record<string, unknown>): types.RtpCapabilities {
  const { codecs = [], headerExtensions = [] } = given as types.RtpCapabilities;
  if (!Array.isArray(codecs) || !Array.isArray(headerExtensions)) {
    throw new AppError('media.capabilities', 'These RTP capabilities cannot be read.');
  }
  return {
    codecs: codecs
      .filter((codec) => codec.kind === 'audio')
      .map((codec) => ({
        ...codec,
        rtcpFeedback: (codec.rtcpFeedback ?? []).filter((feedback) => feedback.type === 'nack'),
      })),
    headerExtensions: headerExtensions.filter((extension) => keptExtensions.has(extension.uri)),
  };
}
