import { expect } from 'chai';
import { G711_SILENCE } from '#kernel/rtp/g711.ts';
import { mostProbes } from '#media/line-probe.ts';
import { eventually } from '#support/eventually.ts';
import { sendTone } from '#support/rtp-sender.ts';
import { listenerCapabilities, WebrtcListener } from '#support/webrtc-listener.ts';
import { type LivePlane, startLivePlane } from './live-plane.ts';

const codeOf = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => 'accepted',
    (error: { code?: unknown }) => error.code ?? error,
  );

describe('trying the way to the live plane', function () {
  this.timeout(30_000);
  let live: LivePlane;
  const ears: WebrtcListener[] = [];

  before(async () => {
    live = await startLivePlane({ workers: 2 });
  });
  after(() => {
    for (const one of ears) one.close();
    return live?.close();
  });

  const open = (probeId: string, forMs = 10_000) =>
    live.plane.probes.open({ probeId, rtpCapabilities: listenerCapabilities, forMs });

  /** A probe as a client has it, with every payload that came. */
  async function probe(probeId: string, forMs?: number) {
    const { probes } = live.plane;
    const { transport, consumer } = await open(probeId, forMs);
    const payloads: Buffer[] = [];
    const heard = await WebrtcListener.hear(
      { transport, consumers: [{ ...consumer, legId: 'probe', role: 'agent' }] },
      {
        connect: (dtlsParameters) => probes.connect(probeId, dtlsParameters),
        resume: () => probes.resume(probeId),
      },
      { onPacket: (_, payload) => payloads.push(Buffer.from(payload)) },
    );
    ears.push(heard);
    return { heard, payloads };
  }

  it('brings a leg’s worth of packets without loss, every one of them silence, while a call goes on', async () => {
    const to = await live.openCall('call', [{ legId: 'agent', role: 'agent' }]);
    const sending = sendTone({ to: to.agent!, hz: 440, seconds: 20 });
    const { heard, payloads } = await probe('one');
    await eventually(() => expect(heard.packets).to.be.greaterThan(100), { within: 10_000 });
    const [stream] = heard.streams;
    expect(heard.streams).to.have.length(1);
    expect(stream).to.include({ lost: 0, mimeType: 'audio/PCMU' });
    const seconds = (stream!.lastAt! - stream!.firstAt!) / 1_000;
    expect((stream!.packets - 1) / seconds, 'packets a second').to.be.closeTo(50, 3);
    expect(payloads.every(({ length }) => length === 160)).to.equal(true);
    expect(new Set(payloads.flatMap((payload) => [...payload]))).to.deep.equal(new Set([G711_SILENCE.PCMU]));
    expect(live.plane.listeners.listenersOf('call'), 'nobody listens').to.equal(0);
    await sending.stop();
    live.plane.probes.end('one');
    await eventually(() => expect(heard.state).to.be.oneOf(['closed', 'disconnected', 'failed']));
    expect(await codeOf(live.plane.probes.resume('one'))).to.equal('listening.unknown');
  });

  it('ends by itself', async () => {
    const { heard } = await probe('short', 500);
    await eventually(() => expect(heard.state).to.be.oneOf(['closed', 'disconnected', 'failed']));
    expect(await codeOf(live.plane.probes.connect('short', {}))).to.equal('listening.unknown');
  });

  it('says through which gate it went', async () => {
    const { gate, transport } = await open('gate');
    expect(gate.address).to.equal('127.0.0.1');
    const offered = transport.iceCandidates.map(({ port }) => port);
    expect(new Set(gate.ports)).to.deep.equal(new Set(offered));
    expect(new Set(transport.iceCandidates.map(({ protocol }) => protocol))).to.deep.equal(
      new Set(['udp', 'tcp']),
    );
    live.plane.probes.end('gate');
  });

  it('serves a crowd only so far, and again when some are done', async () => {
    const ids = Array.from({ length: mostProbes }, (_, index) => `crowd-${index}`);
    await Promise.all(ids.map((id) => open(id)));
    expect(await codeOf(open('one-too-many'))).to.equal('media.full');
    live.plane.probes.end(ids[0]!);
    expect(await codeOf(open('one-more'))).to.equal('accepted');
    for (const id of [...ids, 'one-more']) live.plane.probes.end(id);
    expect(
      await codeOf(live.plane.probes.open({ probeId: 'deaf', rtpCapabilities: {}, forMs: 1_000 })),
    ).to.equal('media.capabilities');
  });

  it('survives the death of its worker', async () => {
    await probe('before');
    for (const { pid } of live.plane.workers()) process.kill(pid, 'SIGKILL');
    await eventually(async () =>
      expect(await codeOf(live.plane.probes.resume('before'))).to.equal('listening.unknown'),
    );
    await eventually(() => expect(live.plane.workers()).to.have.length(2));
    const { heard } = await probe('after');
    await eventually(() => expect(heard.packets).to.be.greaterThan(10));
  });
});
