import { expect } from 'chai';
import { lineProbeRequests } from '#contract/line-probe.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import type { SocketClient } from '#support/clients/socket-client.ts';
import { eventually } from '#support/eventually.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';
import { listenerCapabilities, WebrtcListener } from '#support/webrtc-listener.ts';

const refusal = (thrown: unknown) => (thrown instanceof ApiError ? thrown.code : String(thrown));

describe('A line check before there is a call', function () {
  this.timeout(60_000);
  let server: ServerProcess;
  const sockets: SocketClient[] = [];
  const ears: WebrtcListener[] = [];

  before(async () => {
    const stores = await freshStores();
    await seedCompany(stores.MONGODB_URL);
    server = await startServer(stores, { TURN_URLS: 'turn:192.0.2.1:3478', TURN_SECRET: 'a'.repeat(32) });
  });
  after(async () => {
    for (const one of ears) one.close();
    for (const socket of sockets) socket.close();
    await server?.stop();
  });

  const socketOf = async (id: string) => {
    const socket = await (await PersonClient.signIn(server.url, id)).socket();
    sockets.push(socket);
    return socket;
  };
  const rtpCapabilities = listenerCapabilities as never;

  async function probe(socket: SocketClient) {
    const begun = await socket.request(lineProbeRequests.begin, { rtpCapabilities });
    const { probeId } = begun;
    const heard = await WebrtcListener.hear(
      { ...begun, consumers: [{ ...begun.consumer, legId: 'probe', role: 'agent' }] },
      {
        connect: (dtlsParameters) =>
          socket.request(lineProbeRequests.connect, { probeId, dtlsParameters: dtlsParameters as never }),
        resume: () => socket.request(lineProbeRequests.resume, { probeId }),
      },
    );
    ears.push(heard);
    return { probeId, heard, begun };
  }

  it('lets a manager without a seat try the way, by UDP, TCP or relay, and hear nothing on it', async () => {
    const socket = await socketOf('supermarket-manager');
    const { routerRtpCapabilities } = await socket.request(lineProbeRequests.capabilities, {});
    expect(routerRtpCapabilities).to.have.property('codecs');
    const { heard, begun, probeId } = await probe(socket);
    expect(begun.transport.iceServers.map(({ urls }) => urls)).to.deep.equal([['turn:192.0.2.1:3478']]);
    await eventually(() => expect(heard.packets).to.be.greaterThan(40));
    expect(heard.frequencyOf('probe')).to.equal(undefined);
    await socket.request(lineProbeRequests.end, { probeId });
    await eventually(() => expect(heard.state).to.be.oneOf(['closed', 'disconnected', 'failed']));
  });

  it('ends with the window that began it', async () => {
    const socket = await socketOf('host');
    const { heard } = await probe(socket);
    socket.close();
    await eventually(() => expect(heard.state).to.be.oneOf(['closed', 'disconnected', 'failed']));
  });

  it('is nothing for agents, nor for another person’s window, nor for nonsense', async () => {
    const agent = await socketOf('agent-1');
    expect(await agent.request(lineProbeRequests.begin, { rtpCapabilities }).catch(refusal)).to.equal(
      'ability.denied',
    );
    const one = await socketOf('cx');
    const other = await socketOf('electronics-manager');
    const { probeId } = await one.request(lineProbeRequests.begin, { rtpCapabilities });
    expect(await other.request(lineProbeRequests.resume, { probeId }).catch(refusal)).to.equal(
      'listening.unknown',
    );
    const forged = await one.raw(lineProbeRequests.connect.event, { probeId, dtlsParameters: {} });
    expect(forged.ok ? 'accepted' : forged.error.code).to.equal('request.invalid');
  });
});
