import type { ConsumerOffer, TransportOffer } from '#contract/media.ts';

interface CodecParameters {
  readonly mimeType: string;
  readonly payloadType: number;
  readonly clockRate: number;
  readonly channels?: number;
  readonly parameters?: Record<string, string | number>;
}

/** The parts of a consumer's RTP parameters that an SDP shows. */
export interface StreamParameters {
  readonly mid: string;
  readonly codecs: readonly CodecParameters[];
  readonly encodings: readonly { readonly ssrc: number }[];
}

export interface IceParameters {
  readonly usernameFragment: string;
  readonly password: string;
}

interface IceCandidate {
  readonly foundation: string;
  readonly priority: number;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'udp' | 'tcp';
  readonly type: string;
}

interface Dtls {
  readonly fingerprints: readonly { readonly algorithm: string; readonly value: string }[];
}

const fmtp = (parameters: Record<string, string | number> = {}) =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(';');

const rtpmap = ({ mimeType, clockRate, channels }: CodecParameters) =>
  `${mimeType.split('/')[1]}/${clockRate}${channels && channels > 1 ? `/${channels}` : ''}`;

export const streamOf = (consumer: ConsumerOffer) => consumer.rtpParameters as unknown as StreamParameters;

function transportLines(transport: TransportOffer, ice: IceParameters): string[] {
  const { fingerprints } = transport.dtlsParameters as unknown as Dtls;
  const fingerprint = fingerprints.find(({ algorithm }) => algorithm === 'sha-256')!;
  const candidates = (transport.iceCandidates as unknown as IceCandidate[])
    .filter(({ protocol }) => protocol === 'udp')
    .map(
      ({ foundation, priority, address, port, type }) =>
        `a=candidate:${foundation} 1 udp ${priority} ${address} ${port} typ ${type}`,
    );
  return [
    `a=ice-ufrag:${ice.usernameFragment}`,
    `a=ice-pwd:${ice.password}`,
    `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`,
    ...candidates,
    'a=end-of-candidates',
  ];
}

function head(version: number, mids: readonly string[]): string[] {
  return [
    'v=0',
    `o=- 4711 ${version} IN IP4 127.0.0.1`,
    's=-',
    't=0 0',
    'a=ice-lite',
    `a=group:BUNDLE ${mids.join(' ')}`,
  ];
}

/** What the SFU would offer, had it spoken SDP (RFC 8829): one section per consumer, inactive once that is closed. */
export function receiveOffer(
  transport: TransportOffer,
  ice: IceParameters,
  consumers: readonly { readonly consumer: ConsumerOffer; readonly open: boolean }[],
  version: number,
): string {
  const sections = consumers.flatMap(({ consumer, open }) => {
    const { mid, codecs, encodings } = streamOf(consumer);
    const codec = codecs[0]!;
    const parameters = fmtp(codec.parameters);
    return [
      `m=audio 7 UDP/TLS/RTP/SAVPF ${codec.payloadType}`,
      'c=IN IP4 127.0.0.1',
      `a=mid:${mid}`,
      open ? 'a=sendonly' : 'a=inactive',
      'a=rtcp-mux',
      'a=setup:actpass',
      `a=rtpmap:${codec.payloadType} ${rtpmap(codec)}`,
      ...(parameters ? [`a=fmtp:${codec.payloadType} ${parameters}`] : []),
      `a=ssrc:${encodings[0]!.ssrc} cname:${consumer.id}`,
      ...transportLines(transport, ice),
    ];
  });
  const mids = consumers.map(({ consumer }) => streamOf(consumer).mid);
  return `${[...head(version, mids), ...sections].join('\r\n')}\r\n`;
}

/** The SFU's answer to one offered Opus stream. */
export function sendAnswer(transport: TransportOffer, mid: string, payloadType: number): string {
  const { iceParameters } = transport;
  return `${[
    ...head(1, [mid]),
    `m=audio 7 UDP/TLS/RTP/SAVPF ${payloadType}`,
    'c=IN IP4 127.0.0.1',
    `a=mid:${mid}`,
    'a=recvonly',
    'a=rtcp-mux',
    'a=setup:passive',
    `a=rtpmap:${payloadType} opus/48000/2`,
    ...transportLines(transport, iceParameters as unknown as IceParameters),
  ].join('\r\n')}\r\n`;
}

/** What connects the SFU's side of a transport: the fingerprint and the DTLS role of a local description. */
export function dtlsParametersOf(sdp: string): {
  role: 'client' | 'server';
  fingerprints: { algorithm: 'sha-256'; value: string }[];
} {
  const value = /a=fingerprint:sha-256 ([0-9A-Fa-f:]+)/i.exec(sdp)?.[1];
  const setup = /a=setup:(\w+)/.exec(sdp)?.[1];
  if (value === undefined) throw new Error('the local description has no SHA-256 fingerprint');
  return { role: setup === 'passive' ? 'server' : 'client', fingerprints: [{ algorithm: 'sha-256', value }] };
}
