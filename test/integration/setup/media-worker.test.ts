import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect } from 'chai';
import { createWorker } from 'mediasoup';
import type { Router, SrtpCryptoSuite, WebRtcServer, Worker } from 'mediasoup/types';
import nodeDataChannel from 'node-datachannel';
import { ensureMediaWorker } from '#scripts/setup/media-worker.ts';
import { Terminal } from '#scripts/setup/progress.ts';
import { eventually } from '#support/eventually.ts';
import { keepUntilClosed } from '#support/native-tracks.ts';

const LOOPBACK = '127.0.0.1';
const PCMU = { mimeType: 'audio/PCMU', clockRate: 8000, channels: 1, payloadType: 0 };
const SSRC = 0x1234_5678;
/** The discard port: RTCP goes there, so that a test's socket sees RTP alone. */
const RTCP_NOBODY_READS = 9;
/** Master key and salt, in bytes (RFC 3711 §8.2, RFC 7714 §12). */
const KEY_AND_SALT: Partial<Record<SrtpCryptoSuite, number>> = {
  AES_CM_128_HMAC_SHA1_80: 30,
  AES_CM_128_HMAC_SHA1_32: 30,
  AEAD_AES_128_GCM: 28,
  AEAD_AES_256_GCM: 44,
};

/** One RTP packet of 20 ms PCMU (RFC 3550 §5.1). */
function rtp(sequence: number): Buffer {
  const packet = Buffer.alloc(12 + 160, sequence & 0xff);
  packet.writeUInt16BE(0x8000, 0);
  packet.writeUInt16BE(sequence, 2);
  packet.writeUInt32BE(sequence * 160, 4);
  packet.writeUInt32BE(SSRC, 8);
  return packet;
}

describe('the media worker that the set-up provides', function () {
  // Long only where nobody has built it yet on this machine.
  this.timeout(15 * 60_000);
  let worker: Worker;
  let server: WebRtcServer;
  let router: Router;

  before(async () => {
    worker = await createWorker({ workerBin: await ensureMediaWorker(new Terminal()) });
    server = await worker.createWebRtcServer({ listenInfos: [{ protocol: 'udp', ip: LOOPBACK }] });
    router = await worker.createRouter({
      mediaCodecs: [{ kind: 'audio', mimeType: 'audio/PCMU', clockRate: 8000, preferredPayloadType: 0 }],
    });
  });

  after(() => worker?.close());

  /** A call's leg as this product takes it in: plain RTP from a UDP socket. */
  async function producePlainRtp() {
    const transport = await router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: LOOPBACK },
      comedia: true,
    });
    const producer = await transport.produce({
      kind: 'audio',
      rtpParameters: { codecs: [PCMU], encodings: [{ ssrc: SSRC }] },
    });
    const socket = createSocket('udp4');
    let sequence = 0;
    const timer = setInterval(() => {
      socket.send(rtp(++sequence), transport.tuple.localPort, LOOPBACK);
    }, 20);
    const stop = () => {
      clearInterval(timer);
      socket.close();
      transport.close();
    };
    return { producer, stop };
  }

  it('relays plain RTP byte by byte', async () => {
    const source = await producePlainRtp();
    const sink = createSocket('udp4').bind(0, LOOPBACK);
    await once(sink, 'listening');
    const transport = await router.createPlainTransport({
      listenInfo: { protocol: 'udp', ip: LOOPBACK },
      rtcpMux: false,
    });
    await transport.connect({ ip: LOOPBACK, port: sink.address().port, rtcpPort: RTCP_NOBODY_READS });
    const payloads: Buffer[] = [];
    // mediasoup puts header extensions (RFC 8285) before the payload.
    sink.on('message', (packet) => payloads.push(packet.subarray(-160)));
    await transport.consume({ producerId: source.producer.id, rtpCapabilities: router.rtpCapabilities });

    await eventually(() => expect(payloads).to.have.length.above(20));
    for (const payload of payloads.slice(0, 20))
      expect(payload.equals(Buffer.alloc(160, payload[0])), 'payload as sent').to.equal(true);
    source.stop();
    sink.close();
  });

  for (const [cryptoSuite, bytes] of Object.entries(KEY_AND_SALT) as [SrtpCryptoSuite, number][]) {
    it(`encrypts and decrypts SRTP with ${cryptoSuite}`, async () => {
      const source = await producePlainRtp();
      const secure = {
        listenInfo: { protocol: 'udp', ip: LOOPBACK },
        rtcpMux: true,
        enableSrtp: true,
      } as const;
      const out = await router.createPlainTransport({ ...secure, srtpCryptoSuite: cryptoSuite });
      const back = await router.createPlainTransport({ ...secure, srtpCryptoSuite: cryptoSuite });
      const key = (fill: number) => ({
        cryptoSuite,
        keyBase64: Buffer.alloc(bytes, fill).toString('base64'),
      });
      expect(Buffer.from(out.srtpParameters!.keyBase64, 'base64')).to.have.length(bytes);
      await out.connect({
        ip: LOOPBACK,
        port: back.tuple.localPort,
        srtpParameters: back.srtpParameters ?? key(1),
      });
      await back.connect({
        ip: LOOPBACK,
        port: out.tuple.localPort,
        srtpParameters: out.srtpParameters ?? key(2),
      });
      const consumer = await out.consume({
        producerId: source.producer.id,
        rtpCapabilities: router.rtpCapabilities,
      });
      const received = await back.produce({ kind: 'audio', rtpParameters: consumer.rtpParameters });

      await eventually(async () => {
        const [stats] = await received.getStats();
        expect(stats?.packetCount).to.be.above(20);
      });
      expect((await received.getStats())[0]?.packetsLost).to.equal(0);
      source.stop();
      out.close();
      back.close();
    });
  }

  it('shakes hands by DTLS with a WebRTC client and lives on', async () => {
    // OpenSSL with kernel TLS kills an unpatched worker in this very moment (see media-worker.ts).
    const source = await producePlainRtp();
    const transport = await router.createWebRtcTransport({ webRtcServer: server });
    const consumer = await transport.consume({
      producerId: source.producer.id,
      rtpCapabilities: router.rtpCapabilities,
    });
    const { iceParameters, iceCandidates, dtlsParameters } = transport;
    const fingerprint = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256')!;
    const { ip, port, priority } = iceCandidates[0]!;
    const { ssrc } = consumer.rtpParameters.encodings![0]!;
    const offer = [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'a=ice-lite',
      'a=group:BUNDLE 0',
      'm=audio 9 UDP/TLS/RTP/SAVPF 0',
      'c=IN IP4 0.0.0.0',
      'a=mid:0',
      'a=sendonly',
      'a=rtcp-mux',
      'a=setup:actpass',
      `a=ice-ufrag:${iceParameters.usernameFragment}`,
      `a=ice-pwd:${iceParameters.password}`,
      `a=fingerprint:sha-256 ${fingerprint.value}`,
      `a=candidate:1 1 udp ${priority} ${ip} ${port} typ host`,
      'a=end-of-candidates',
      'a=rtpmap:0 PCMU/8000',
      `a=ssrc:${ssrc} cname:test`,
      '',
    ].join('\r\n');

    const client = new nodeDataChannel.PeerConnection('listener', {
      iceServers: [],
      disableAutoNegotiation: false,
    });
    // libdatachannel lets go of the process when it has told of its end, and it tells only who listens.
    const closed = new Promise<void>((resolve) =>
      client.onStateChange((state) => {
        if (state === 'closed') resolve();
      }),
    );
    let packets = 0;
    const answered = new Promise<string>((resolve) => client.onLocalDescription(resolve));
    client.onTrack((track) => {
      keepUntilClosed(track);
      track.onMessage(() => packets++);
    });
    client.setRemoteDescription(offer, 'offer' as Parameters<typeof client.setRemoteDescription>[1]);
    const answer = await answered;
    const [, algorithm, value] = /a=fingerprint:(\S+) (\S+)/.exec(answer)!;
    await transport.connect({
      dtlsParameters: {
        role: 'client',
        fingerprints: [{ algorithm: algorithm!.toLowerCase() as 'sha-256', value: value! }],
      },
    });

    await eventually(() => expect(packets).to.be.above(20), { within: 10_000 });
    expect(transport.dtlsState).to.equal('connected');
    expect(worker.died).to.equal(false);
    client.close();
    await closed;
    source.stop();
    transport.close();
  });
});
