import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { expectAccessible } from './support/accessibility.ts';
import { type House, raiseHouse, type TonesOnCall } from './support/house.ts';
import { cutOffWords, englishLeftovers, machineWords, sidewaysScroll } from './support/inspect.ts';
import { heard } from './support/sound.ts';
import { phone, type Visit, type VisitOptions, visit } from './support/visit.ts';

const phase = (page: Page, name: string) =>
  page.locator(`[data-testid="live-state"][data-phase="${name}"]`).waitFor();

const hears = (page: Page, agentHz: number, customerHz: number) =>
  eventually(
    async () => {
      const { agent, customer } = await heard(page);
      expect(agent.hz).to.be.closeTo(agentHz, 8);
      expect(customer.hz).to.be.closeTo(customerHz, 8);
    },
    { within: 10_000 },
  );

const choose = (page: Page, mode: string) =>
  page.getByTestId('follow').getByText(mode, { exact: true }).click();

describe('Calls that come by themselves', function () {
  this.timeout(60_000);
  let house: House;
  let manager: PersonClient;
  let slotId: string;
  let calls: TonesOnCall[] = [];
  let visits: Visit[] = [];

  const come = async (options: VisitOptions = {}): Promise<Page> => {
    const one = await visit(house.url, { personaId: 'supermarket-manager', ...options });
    visits.push(one);
    await one.page.goto(`/room/${slotId}`);
    return one.page;
  };
  const ring = async (options: Partial<Parameters<House['call']>[0]> = {}): Promise<TonesOnCall> => {
    const call = await house.call({ lineId: 'supermarket', seconds: 120, ...options });
    calls.push(call);
    return call;
  };

  before(async function () {
    this.timeout(180_000);
    house = await raiseHouse();
    slotId = await house.planRunningSlot('supermarket');
    manager = await PersonClient.signIn(house.url, 'supermarket-manager');
    await manager.seats.checkIn(await manager.seats.reserve({ id: slotId }));
  });
  afterEach(async () => {
    await Promise.all(visits.map((one) => one.close()));
    await Promise.all(calls.map((call) => call.end()));
    const problems = visits.flatMap((one) => one.problems);
    visits = [];
    calls = [];
    expect(problems).to.deep.equal([]);
  });
  after(() => house?.stop());

  it('waits, hears what is offered and why, and hears the next one when it is over, without a click', async () => {
    const page = await come();
    await choose(page, 'This line');
    await phase(page, 'waiting');
    const place = page.getByTestId('follow-place');
    await place.getByText('You are next. No call is live for you right now.').waitFor();
    await expectAccessible(page);

    const first = await ring({ facts: { scenarioId: 'wrong-size' } });
    await phase(page, 'live');
    await hears(page, 440, 880);
    const why = page.getByTestId('follow-why');
    await why
      .filter({ hasText: 'you have not heard “Wrong size or model ordered” in the last 7 days' })
      .waitFor();
    await page.getByRole('status').filter({ hasText: 'This call: Wrong size' }).waitFor();
    await expectAccessible(page);

    // The next one is in view, and not forced upon anybody.
    await ring({ agentHz: 600, customerHz: 1_200, facts: { scenarioId: 'late-delivery' } });
    await page.getByTestId('follow-next').filter({ hasText: 'Delivery is late' }).waitFor();
    await hears(page, 440, 880);
    await first.end();
    await hears(page, 600, 1_200);
    await phase(page, 'live');
    expect(await why.textContent()).to.not.include('Wrong size');

    // Whoever stops is left alone.
    await page.getByTestId('leave').click();
    await phase(page, 'idle');
    await eventually(async () => {
      const chosen = page.getByTestId('follow').getByRole('radio', { checked: true });
      expect(await chosen.count()).to.equal(1);
      expect(
        await page.getByTestId('follow').getByText('You choose each call yourself.').isVisible(),
      ).to.equal(true);
    });
    await ring();
    await eventually(async () => {
      const { calls: live } = await manager.calls.live('supermarket');
      expect(live).to.have.length(2);
      expect(live.map(({ listeners }) => listeners)).to.deep.equal([0, 0]);
    });
    await phase(page, 'idle');
  });

  it('can be followed by keyboard, on a phone and in Chinese, with every word in its place', async () => {
    const page = await come({ language: 'zh-CN', ...phone });
    const modes = page.getByTestId('follow').getByRole('radio');
    await modes.first().focus();
    await page.keyboard.press('ArrowRight');
    await phase(page, 'waiting');
    await page.getByTestId('follow-place').getByText('下一个就是您。').waitFor();
    await ring({
      facts: { scenarioId: 'wrong-size', product: { en: 'Softcub nappies M', zh: '柔芽纸尿裤 M 码' } },
    });
    await phase(page, 'live');
    await hears(page, 440, 880);
    await page.getByTestId('follow-why').waitFor();
    await expectAccessible(page);
    expect(await cutOffWords(page)).to.deep.equal([]);
    expect(await machineWords(page)).to.deep.equal([]);
    expect(await englishLeftovers(page)).to.deep.equal([]);
    expect(await sidewaysScroll(page)).to.be.at.most(0);
  });
});
