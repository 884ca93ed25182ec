import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { startTurnServer, type TurnServer } from '#support/turn-server.ts';
import { launchChromium } from './support/chromium.ts';
import { type House, raiseHouse, type TonesOnCall } from './support/house.ts';
import { chosenPath, rememberPeerConnections } from './support/peer-connections.ts';
import { heard } from './support/sound.ts';
import { type Visit, visit } from './support/visit.ts';

const hears = (page: Page) =>
  eventually(
    async () => {
      const { agent, customer } = await heard(page);
      expect(agent.hz).to.be.closeTo(440, 8);
      expect(customer.hz).to.be.closeTo(880, 8);
    },
    { within: 15_000 },
  );

interface Relay {
  readonly scheme: string;
  readonly transport: string;
}

describe('A network that lets little through', function () {
  this.timeout(60_000);
  let turn: TurnServer;
  let house: House;
  let slotId: string;
  let call: TonesOnCall;
  let browser: Browser | undefined;
  let one: Visit | undefined;

  before(async function () {
    this.timeout(180_000);
    turn = await startTurnServer();
    house = await raiseHouse({
      TURN_URLS: [
        `turn:127.0.0.1:${turn.port}?transport=udp`,
        `turn:127.0.0.1:${turn.port}?transport=tcp`,
        `turns:127.0.0.1:${turn.tlsPort}?transport=tcp`,
      ].join(','),
      TURN_SECRET: turn.secret,
    });
    slotId = await house.planRunningSlot('supermarket');
    const manager = await PersonClient.signIn(house.url, 'supermarket-manager');
    await manager.seats.checkIn(await manager.seats.reserve({ id: slotId }));
    call = await house.call({ lineId: 'supermarket', seconds: 180 });
    await eventually(async () => {
      expect((await manager.calls.live('supermarket')).calls.map(({ id }) => id)).to.include(call.callId);
    });
  });
  afterEach(async () => {
    await one?.close();
    await browser?.close();
    one = browser = undefined;
  });
  after(async () => {
    await call?.end();
    await house?.stop();
    await turn?.stop();
  });

  /** The room in a browser of these flags, over the TURN servers of these addresses only; null: over none. */
  async function enter({ flags = [], relay }: { flags?: string[]; relay: Relay | null }): Promise<Page> {
    browser = await launchChromium(flags);
    one = await visit(house.url, { personaId: 'supermarket-manager', browser });
    await rememberPeerConnections(one.context);
    await one.context.addInitScript((chosen) => {
      const isChosen = (url: string) =>
        chosen !== null && url.startsWith(chosen.scheme) && url.endsWith(chosen.transport);
      globalThis.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(configuration: RTCConfiguration = {}) {
          const iceServers = (configuration.iceServers ?? [])
            .map((server) => ({ ...server, urls: [server.urls].flat().filter(isChosen) }))
            .filter(({ urls }) => urls.length > 0);
          super({ ...configuration, iceServers, iceTransportPolicy: chosen === null ? 'all' : 'relay' });
        }
      };
    }, relay);
    await one.page.goto(`/room/${slotId}`);
    return one.page;
  }

  async function listen(by: { flags?: string[]; relay: Relay | null }): Promise<Page> {
    const page = await enter(by);
    await page.getByTestId('listen').click();
    await hears(page);
    return page;
  }

  it('hears by TCP where UDP gets nowhere', async () => {
    const page = await listen({
      flags: ['--webrtc-ip-handling-policy=disable_non_proxied_udp'],
      relay: null,
    });
    expect(await chosenPath(page)).to.include({ protocol: 'tcp', relayProtocol: undefined });
  });

  it('hears through the relay by UDP, by TCP, and by TLS, which gets out everywhere', async () => {
    const trusted = [`--ignore-certificate-errors-spki-list=${turn.identity.publicKeyHash}`];
    for (const [relay, relayProtocol] of [
      [{ scheme: 'turn:', transport: 'udp' }, 'udp'],
      [{ scheme: 'turn:', transport: 'tcp' }, 'tcp'],
      [{ scheme: 'turns:', transport: 'tcp' }, 'tls'],
    ] as const) {
      const page = await listen({ flags: trusted, relay });
      expect(await chosenPath(page)).to.include({ local: 'relay', relayProtocol });
      await one?.close();
      await browser?.close();
    }
  });

  it('says beforehand that only TCP, or only the relay, gets through', async function () {
    this.timeout(120_000);
    for (const [flags, relay, way] of [
      [['--webrtc-ip-handling-policy=disable_non_proxied_udp'], null, 'tcp'],
      [[], { scheme: 'turn:', transport: 'udp' }, 'relay'],
    ] as const) {
      const page = await enter({ flags: [...flags], relay });
      await page.getByRole('button', { name: 'Sound check' }).click();
      await page.locator(`[data-testid="line-finding"][data-way="${way}"]`).waitFor();
      expect(await page.getByTestId('line-finding').textContent()).to.match(
        /Ask your IT .* to 127\.0\.0\.1, port/,
      );
      await one?.close();
      await browser?.close();
    }
  });

  it('lets nobody through the relay without a password of this server', async () => {
    const page = await listen({ relay: { scheme: 'turn:', transport: 'udp' } });
    const offered = await page.evaluate(async (port) => {
      const connection = new RTCPeerConnection({
        iceTransportPolicy: 'relay',
        iceServers: [
          { urls: `turn:127.0.0.1:${port}?transport=udp`, username: '9999999999:me', credential: 'guessed' },
        ],
      });
      connection.addTransceiver('audio');
      const candidates: string[] = [];
      connection.onicecandidate = ({ candidate }) =>
        candidate?.candidate && candidates.push(candidate.candidate);
      await connection.setLocalDescription(await connection.createOffer());
      await new Promise<void>((resolve) => {
        connection.onicegatheringstatechange = () => connection.iceGatheringState === 'complete' && resolve();
      });
      connection.close();
      return candidates;
    }, turn.port);
    expect(offered).to.deep.equal([]);
  });
});
