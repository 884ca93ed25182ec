import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { eventually } from '#support/eventually.ts';
import { expectAccessible } from './support/accessibility.ts';
import { cutOffWords, englishLeftovers, machineWords, sidewaysScroll } from './support/inspect.ts';
import { phase, roomScene } from './support/room-scene.ts';
import { hears } from './support/sound.ts';
import { phone, type VisitOptions } from './support/visit.ts';

const choose = (page: Page, mode: string) =>
  page.getByTestId('follow').getByText(mode, { exact: true }).click();

describe('Calls that come by themselves', function () {
  this.timeout(60_000);
  const scene = roomScene();
  const come = async (options: VisitOptions = {}): Promise<Page> => {
    const { page } = await scene.open(options);
    await page.goto(`/room/${scene.slotId}`);
    return page;
  };

  it('waits, hears what is offered and why, and hears the next one when it is over, without a click', async () => {
    const page = await come();
    await choose(page, 'This line');
    await phase(page, 'waiting');
    const place = page.getByTestId('follow-place');
    await place.getByText('You are next. No call is live for you right now.').waitFor();
    await expectAccessible(page);

    const first = await scene.ring({ facts: { scenarioId: 'wrong-size' } });
    await phase(page, 'live');
    await hears(page, 440, 880);
    const why = page.getByTestId('follow-why');
    await why
      .filter({ hasText: 'you have not heard “Wrong size or model ordered” in the last 7 days' })
      .waitFor();
    await page.getByRole('status').filter({ hasText: 'This call: Wrong size' }).waitFor();
    await expectAccessible(page);

    // The next one is in view, and not forced upon anybody.
    await scene.ring({ agentHz: 600, customerHz: 1_200, facts: { scenarioId: 'late-delivery' } });
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
    await scene.ring();
    await eventually(async () => {
      const { calls: live } = await scene.manager.calls.live('supermarket');
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
    await scene.ring({
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
