import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { listeningRequests } from '#contract/listening.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import { eventually } from '#support/eventually.ts';
import { expectAccessible } from './support/accessibility.ts';
import { type House, raiseHouse, type TonesOnCall } from './support/house.ts';
import { cutOffWords, englishLeftovers, machineWords, sidewaysScroll } from './support/inspect.ts';
import { peerFigures, rememberPeerConnections } from './support/peer-connections.ts';
import { phone, type Visit, type VisitOptions, visit } from './support/visit.ts';

const good = { roundTripMs: 38, jitterMs: 4, lossRatio: 0 };
const unsteady = { roundTripMs: 230, jitterMs: 22, lossRatio: 0.02 };
const poor = { roundTripMs: 310, jitterMs: 41, lossRatio: 0.09 };

describe('The line of a listener', function () {
  this.timeout(90_000);
  let house: House;
  let slotId: string;
  let call: TonesOnCall;
  let manager: PersonClient;
  let one: Visit | undefined;

  before(async function () {
    this.timeout(180_000);
    house = await raiseHouse();
    slotId = await house.planRunningSlot('supermarket');
    manager = await PersonClient.signIn(house.url, 'supermarket-manager');
    await manager.seats.checkIn(await manager.seats.reserve({ id: slotId }));
    call = await house.call({ lineId: 'supermarket', seconds: 180 });
    await eventually(async () => {
      expect((await manager.calls.live('supermarket')).calls.map(({ id }) => id)).to.include(call.callId);
    });
  });
  afterEach(async () => {
    await one?.close();
    one = undefined;
  });
  after(async () => {
    await call?.end();
    await house?.stop();
  });

  const open = async (options: VisitOptions): Promise<Page> => {
    one = await visit(house.url, options);
    return one.page;
  };

  /** A listening by a client that says its line is like this. */
  async function listened(line: typeof good): Promise<void> {
    const room = await RoomClient.open(manager, slotId);
    const { joined, ears } = await room.listen(call.callId);
    await eventually(() => expect(ears.packets).to.be.greaterThan(10));
    const report = { listeningId: joined.listeningId, receivedPackets: ears.packets, ...line };
    await room.socket.request(listeningRequests.quality, report);
    await room.stop();
    room.close();
  }

  it('is empty, then in the report of who listened: in words, drawn, and with its figures', async () => {
    const page = await open({ personaId: 'supermarket-manager' });
    await page.goto('/reports/listening');
    const lines = page.getByRole('region', { name: 'How my line was' });
    await lines.getByText('No call was heard live in this time').waitFor();
    for (const line of [good, unsteady, poor]) await listened(line);
    await page.reload();
    const row = (verdict: string) => lines.locator(`li[data-verdict="${verdict}"]`);
    await row('good').getByText('At worst 38 ms there and back, no loss, 4 ms jitter').waitFor();
    await row('fair').getByText('Unsteady for', { exact: false }).waitFor();
    await row('poor').locator('summary').press('Enter');
    await row('poor').getByRole('img', { name: 'It was not good once:', exact: false }).waitFor();
    await row('poor').getByText('poor, 310 ms there and back, 9.0% lost', { exact: false }).waitFor();
    await expectAccessible(page);
    expect(await cutOffWords(page)).to.deep.equal([]);
    expect(await machineWords(page)).to.deep.equal([]);
  });

  it('is told on a phone, in Chinese', async () => {
    const page = await open({ personaId: 'supermarket-manager', language: 'zh-CN', ...phone });
    await page.goto('/reports/listening');
    const lines = page.getByRole('region', { name: '我的线路质量' });
    await lines.locator('li[data-verdict="poor"] summary').click();
    await lines.getByText('有 1 段不太好：').waitFor();
    expect(await sidewaysScroll(page)).to.equal(0);
    expect(await cutOffWords(page)).to.deep.equal([]);
    expect(await englishLeftovers(page)).to.deep.equal([]);
  });

  it('is seen by those who look after all, the worst first, and in the report of a team', async () => {
    const page = await open({ personaId: 'admin' });
    await page.goto('/operations');
    const lines = page.getByRole('region', { name: 'Listeners’ lines, last 24 hours' });
    await lines.getByText('1 was poor and 1 was unsteady, of 3 listenings.').waitFor();
    expect(
      await lines.getByRole('listitem').evaluateAll((all) => all.map((one) => one.dataset.verdict)),
    ).to.deep.equal(['poor', 'fair']);
    await lines.getByText('Lin Yue').first().waitFor();
    await expectAccessible(page);
    await page.goto('/reports/listening?business=supermarket');
    const team = page.getByRole('region', { name: 'How listeners’ lines were' });
    await team.locator('li[data-verdict="poor"]').getByText('Lin Yue').waitFor();
  });

  it('is tried before there is a call, without a sound and with nothing sent', async () => {
    const page = await open({ personaId: 'supermarket-manager' });
    await rememberPeerConnections(page.context());
    await page.goto(`/room/${slotId}`);
    await page.getByRole('button', { name: 'Sound check' }).click();
    // The check is over within seconds: what it carried is looked at while it runs.
    const figures = await eventually(
      async () => {
        const now = await peerFigures(page);
        expect(now.packetsReceived).to.be.greaterThan(50);
        return now;
      },
      { within: 20_000, every: 50 },
    );
    expect(figures).to.deep.include({ made: 1, outbound: 0, sentTracks: 0, directions: ['recvonly'] });
    // How well it came depends on what else this machine does; by what way does not.
    await page.locator('[data-testid="line-finding"][data-way="udp"]').waitFor();
    await page.getByText('there and back', { exact: false }).waitFor();
    await expectAccessible(page);
    await eventually(async () => expect((await peerFigures(page)).inbound, 'the way is closed').to.equal(0));
    expect((await house.telephony.show(call.callId)).listeners).to.equal(0);
  });

  it('is tried from Today, a day before the seat', async () => {
    const startsAt = Math.ceil(Date.now() / 3_600_000) * 3_600_000 + 86_400_000;
    const tomorrow = { lineId: 'electronics', startsAt, endsAt: startsAt + 3_600_000, seats: 2 };
    const ahead = await PersonClient.signIn(house.url, 'electronics-manager');
    await ahead.seats.reserve(await house.host.seats.plan(tomorrow));
    const page = await open({ personaId: 'electronics-manager' });
    await page.goto('/');
    await page.getByRole('button', { name: 'Check the line from here' }).click();
    const dialog = page.getByRole('dialog', { name: 'Check the line from here' });
    await dialog.locator('[data-testid="line-finding"][data-way="udp"]').waitFor();
    await expectAccessible(page);
    expect(await cutOffWords(page)).to.deep.equal([]);
    await one?.close();

    const small = await open({ personaId: 'electronics-manager', language: 'zh-CN', ...phone });
    await small.goto('/');
    await small.getByRole('button', { name: '在这里试一试线路' }).click();
    await small.locator('[data-testid="line-finding"][data-way="udp"]').waitFor();
    expect(await sidewaysScroll(small)).to.equal(0);
    expect(await cutOffWords(small)).to.deep.equal([]);
    expect(await englishLeftovers(small)).to.deep.equal([]);
  });

  it('says whom to ask for what where nothing gets through', async () => {
    const page = await open({ personaId: 'supermarket-manager', language: 'zh-CN', ...phone });
    await page.context().addInitScript(() => {
      // Only through a relay, and there is none: as behind a wall.
      globalThis.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(configuration: RTCConfiguration = {}) {
          super({ ...configuration, iceTransportPolicy: 'relay' });
        }
      };
    });
    await page.goto(`/room/${slotId}`);
    await page.getByRole('button', { name: '试音' }).click();
    await page.getByText('这里的线路被挡住了，听不到任何通话。').waitFor();
    await page.getByText('请让 IT 放行到 127.0.0.1 端口', { exact: false }).waitFor();
    await page.getByRole('button', { name: '再试一次线路' }).waitFor();
    expect(await sidewaysScroll(page)).to.equal(0);
    expect(await cutOffWords(page)).to.deep.equal([]);
    expect(await englishLeftovers(page)).to.deep.equal([]);
  });
});
