import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { WEB_DIST } from '#scripts/setup/web-build.ts';
import { marks } from '#support/clients/moments-client.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { eventually } from '#support/eventually.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { type House, raiseHouse } from './support/house.ts';
import { type ShakyNetwork, throughShakyNetwork } from './support/shaky-network.ts';
import { heard } from './support/sound.ts';
import { type Visit, visit } from './support/visit.ts';

const phase = (page: Page, name: string) =>
  page.locator(`[data-testid="live-state"][data-phase="${name}"]`).waitFor({ timeout: 25_000 });

const hears = (page: Page, agentHz: number) =>
  eventually(async () => expect((await heard(page)).agent.hz).to.be.closeTo(agentHz, 8), { within: 20_000 });

/** One hour of a listener in which everything breaks once: what they hear, mark and type is there all the same. */
describe('A listening in which everything breaks', function () {
  this.timeout(120_000);
  let house: House;
  let server: ServerProcess;
  let manager: PersonClient;
  let one: Visit;
  let network: ShakyNetwork;
  let slotId: string;
  let page: Page;
  const sendings: Sending[] = [];

  /** A call that begins now on the server that lives now. */
  async function ring(agentHz: number): Promise<void> {
    const { legs } = await new TelephonyClient(server.url, testTelephonyKey).open({ lineId: 'supermarket' });
    for (const leg of legs) {
      sendings.push(sendTone({ to: leg, hz: leg.role === 'agent' ? agentHz : 2 * agentHz, seconds: 120 }));
    }
  }

  /** Marks this moment with a note, as one types it. */
  async function mark(note: string): Promise<void> {
    await page.locator('body').press('m');
    const box = page.getByRole('textbox', { name: /^Note on the moment at/ });
    await box.waitFor();
    await page.keyboard.type(note);
    await page.keyboard.press('Enter');
    await box.waitFor({ state: 'detached' });
  }

  /** Writes a line into the room's shared notes. */
  async function write(line: string): Promise<void> {
    await page.getByRole('tab', { name: /^Room/ }).click();
    const notes = page.getByTestId('notes');
    await notes.press('Control+End');
    await page.keyboard.type(`${line} `);
    await notes.blur();
  }

  before(async function () {
    this.timeout(180_000);
    house = await raiseHouse();
    server = house.server;
    slotId = await house.planRunningSlot('supermarket');
    manager = await PersonClient.signIn(house.url, 'supermarket-manager');
    await manager.seats.checkIn(await manager.seats.reserve({ id: slotId }));
    one = await visit(house.url, { personaId: 'supermarket-manager' });
    network = await throughShakyNetwork(one.context);
    page = one.page;
  });
  after(async () => {
    await one?.close();
    network?.close();
    await Promise.all(sendings.map((sending) => sending.stop()));
    if (server !== house?.server) await server?.stop();
    await house?.stop();
  });

  it('hears by itself again each time, and keeps every mark and every word', async () => {
    await page.goto(`/room/${slotId}`);
    await page.getByTestId('follow').getByText('This line').click();
    await ring(440);
    await phase(page, 'live');
    await hears(page, 440);
    const loadedAt = await page.evaluate(() => performance.timeOrigin);
    await mark('before anything');
    await write('calm');

    // The network takes the media away and gives it back; what is typed meanwhile goes by the other way.
    network.cut();
    await phase(page, 'recovering');
    await mark('without media');
    await write('cut');
    network.mend();
    await phase(page, 'live');
    await hears(page, 440);

    // An SFU worker dies.
    const { media } = await house.host.operations.overview();
    for (const { workerPid } of media) process.kill(workerPid, 'SIGKILL');
    await mark('worker gone');
    await write('respawn');
    await hears(page, 440);

    // The server dies, and with it the call; a new one begins when it is back.
    server.kill();
    await phase(page, 'recovering');
    await mark('server gone');
    await write('restart');
    server = await startServer(house.stores, {
      WEB_ROOT: process.env.WEB_ROOT ?? WEB_DIST,
      PORT: String(house.server.port),
    });
    await eventually(() => ring(600), { within: 15_000 });
    await hears(page, 600);
    await mark('after all of it');
    await write('done');

    expect(await page.evaluate(() => performance.timeOrigin), 'the page was never loaded anew').to.equal(
      loadedAt,
    );
    await eventually(
      async () => {
        const made = await marks(manager.at(server.url)).list({ mine: 'true' });
        expect(made.map(({ note }) => note)).to.have.members([
          'before anything',
          'without media',
          'worker gone',
          'server gone',
          'after all of it',
        ]);
      },
      { within: 30_000, every: 250 },
    );
    // Somebody else sees the words: they are the server's, not only this page's.
    const host = await visit(server.url, { personaId: 'host' });
    try {
      await host.page.goto(`/room/${slotId}`);
      await host.page.getByRole('tab', { name: /^Room/ }).click();
      const notes = host.page.getByTestId('notes');
      await eventually(
        async () => expect((await notes.inputValue()).trim()).to.equal('calm cut respawn restart done'),
        { within: 20_000 },
      );
    } finally {
      await host.close();
    }
  });
});
