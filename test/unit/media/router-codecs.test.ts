import { expect } from 'chai';
import { ortc } from 'mediasoup';
import { listeningCapabilities, routerCodecs, telephonyParameters } from '#media/router-codecs.ts';

describe('the codecs of the live plane', () => {
  it('have the same payload types on every worker', () => {
    const { codecs } = ortc.generateRouterRtpCapabilities(routerCodecs);
    expect(
      codecs?.map(({ mimeType, preferredPayloadType }) => [mimeType, preferredPayloadType]),
    ).to.deep.equal([
      ['audio/opus', 111],
      ['audio/PCMU', 0],
      ['audio/PCMA', 8],
    ]);
  });

  it('describe a telephony leg as one codec with one known SSRC that every router takes', () => {
    const capabilities = ortc.generateRouterRtpCapabilities(routerCodecs);
    for (const [codec, payloadType] of [
      ['PCMU', 0],
      ['PCMA', 8],
      ['opus', 96],
    ] as const) {
      const parameters = telephonyParameters(codec, payloadType, 4_711);
      ortc.validateAndNormalizeRtpParameters(parameters);
      const mapping = ortc.getProducerRtpParametersMapping(parameters, capabilities);
      expect(mapping.codecs).to.have.lengthOf(1);
      expect(mapping.encodings.map(({ ssrc }) => ssrc)).to.deep.equal([4_711]);
    }
  });

  it('are offered to listeners without bandwidth estimation and without video', () => {
    const transportCc = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
    const audioLevel = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';
    const narrowed = listeningCapabilities({
      codecs: [
        {
          kind: 'audio',
          mimeType: 'audio/opus',
          clockRate: 48_000,
          channels: 2,
          rtcpFeedback: [{ type: 'transport-cc' }, { type: 'nack' }],
        },
        { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
      ],
      headerExtensions: [
        { kind: 'audio', uri: audioLevel, preferredId: 10 },
        { kind: 'audio', uri: transportCc, preferredId: 5 },
      ],
    });
    expect(narrowed.codecs?.map(({ mimeType }) => mimeType)).to.deep.equal(['audio/opus']);
    expect(narrowed.codecs?.[0]?.rtcpFeedback).to.deep.equal([{ type: 'nack' }]);
    expect(narrowed.headerExtensions?.map(({ uri }) => uri)).to.deep.equal([audioLevel]);
  });

  it('are refused in a shape that cannot be read', () => {
    for (const given of [{ codecs: 'opus' }, { codecs: [], headerExtensions: 7 }]) {
      expect(() => listeningCapabilities(given))
        .to.throw()
        .with.property('code', 'media.capabilities');
    }
  });
});
