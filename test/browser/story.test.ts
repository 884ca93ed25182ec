import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { decodeAudio } from '#support/decode-audio.ts';
import { eventually } from '#support/eventually.ts';
import { dominantFrequency } from '#support/tone.ts';
import { type House, raiseHouse, type TonesOnCall } from './support/house.ts';
import { heard, mediaOf, rememberPlayedMedia } from './support/sound.ts';
import { phone, type Visit, visit } from './support/visit.ts';

const product = { en: 'Nappies, size 4', zh: '纸尿裤 4 码' };

describe('The story: a manager hears a customer, live and again', function () {
  this.timeout(60_000);
  // One story: what follows a failure could only fail after it.
  this.bail(true);
  let house: House;
  let slotId: string;
  let first: TonesOnCall;
  let second: TonesOnCall;
  let manager: Visit;
  let page: Page;
  const visits: Visit[] = [];

  const come = async (options: Parameters<typeof visit>[1]) => {
    const one = await visit(house.url, options);
    visits.push(one);
    await rememberPlayedMedia(one.context);
    await one.page.goto('/');
    return one;
  };

  before(async function () {
    this.timeout(180_000);
    house = await raiseHouse();
    slotId = await house.planRunningSlot('supermarket');
  });
  after(async () => {
    await Promise.all(visits.map((one) => one.close()));
    await house?.stop();
  });
  afterEach(() => {
    for (const { problems } of visits) expect(problems).to.deep.equal([]);
  });

  describe('in English, at a desk', () => {
    it('signs in by choosing who to be', async () => {
      manager = await come({ language: 'en' });
      page = manager.page;
      await page.getByRole('button', { name: 'Lin Yue' }).click();
      await page.getByRole('heading', { level: 1, name: /Lin Yue|Yue/ }).waitFor();
    });

    it('reserves a seat in the running slot and checks in', async () => {
      await page.getByRole('link', { name: 'Seats', exact: true }).click();
      await page.locator(`[data-slot="${slotId}"]`).click();
      const slot = page.getByRole('dialog');
      await slot.getByText('5 of 5 seats left').waitFor();
      await slot.getByRole('button', { name: 'Reserve a seat' }).click();
      await slot.getByText('4 of 5 seats left').waitFor();
      await slot.getByRole('button', { name: 'Check in' }).click();
      await slot.getByRole('button', { name: 'Join the room' }).click();
      await page.waitForURL(`**/room/${slotId}`);
    });

    it('waits in the room until a customer calls', async () => {
      await page.getByText('No call is live right now').waitFor();
      first = await house.call({ lineId: 'supermarket', seconds: 120, facts: { product } });
      await page.getByText('1 call is live on this line').waitFor();
    });

    it('hears the agent and the customer as two voices', async () => {
      await page.getByRole('button', { name: 'Listen' }).click();
      await page.locator('[data-testid="live-state"][data-phase="live"]').waitFor();
      await eventually(async () => {
        const { agent, customer } = await heard(page);
        expect(agent.hz).to.be.within(430, 450);
        expect(customer.hz).to.be.within(870, 890);
        expect(agent.level).to.be.greaterThan(0.1);
        expect(customer.level).to.be.greaterThan(0.1);
      });
      await page.getByText('Nobody can hear you').waitFor();
      await page.getByRole('heading', { name: 'Chen Lu' }).waitFor();
      await page.getByText('The line is good').waitFor();
    });

    it('sees the call’s end, is offered the next one and hears it', async () => {
      second = await house.call({ lineId: 'supermarket', seconds: 240, agentHz: 600, customerHz: 1_200 });
      // The recording of the first one must be long enough to move about in.
      await eventually(
        async () => {
          const stats = await house.telephony.show(first.callId);
          expect(Date.now() - (stats.startedAt ?? Date.now())).to.be.greaterThan(14_000);
        },
        { within: 20_000, every: 250 },
      );
      await first.end();
      await page.locator('[data-testid="live-state"][data-phase="ended"]').waitFor();
      await page.getByText('The call is over. Its recording will be in the library in a moment.').waitFor();
      await page.getByRole('button', { name: 'Hear the next call' }).click();
      await page.locator('[data-testid="live-state"][data-phase="live"]').waitFor();
      await eventually(async () => {
        const { agent, customer } = await heard(page);
        expect(agent.hz).to.be.within(590, 610);
        expect(customer.hz).to.be.within(1_190, 1_210);
      });
    });

    it('finds the recording in the library seconds later', async () => {
      await page.getByRole('link', { name: 'Leave the room' }).click();
      await page.getByRole('link', { name: 'Library' }).click();
      const row = page.getByRole('listitem').filter({ hasText: product.en });
      // Sooner than a list that nobody tells of it would look again.
      await row.locator('canvas, svg').first().waitFor({ timeout: 15_000 });
      await row.getByRole('link').click();
      await page.waitForURL('**/recordings/*');
      await page.getByText(product.en).first().waitFor();
    });

    it('plays it: agent left, customer right', async () => {
      await page.getByRole('button', { name: 'Play', exact: true }).click();
      const start = await eventually(async () => {
        const media = await mediaOf(page);
        expect(media.currentTime).to.be.greaterThan(0);
        return media;
      });
      await eventually(async () => {
        const media = await mediaOf(page);
        expect(media.currentTime).to.be.greaterThan(start.currentTime + 0.5);
        expect(media.decodedBytes).to.be.greaterThan(0);
        expect(media.silenced).to.equal(false);
      });
      const channels = await decodeAudio(start.url, 8_000);
      const tones = channels.map((samples) => dominantFrequency(samples.subarray(40_000, 48_000), 8_000));
      expect(tones).to.deep.equal([440, 880]);
      expect(start.duration).to.be.closeTo(channels[0]!.length / 8_000, 0.05);
    });

    it('moves about in it by pointer and by keyboard', async () => {
      await page.keyboard.press('k');
      await eventually(async () => expect((await mediaOf(page)).paused).to.equal(true));
      const { duration } = await mediaOf(page);
      const at = (seconds: number, within = 0.05) =>
        eventually(async () => expect((await mediaOf(page)).currentTime).to.be.closeTo(seconds, within));

      const lanes = page.getByRole('slider', { name: 'Position' });
      const box = (await lanes.boundingBox())!;
      await page.mouse.click(box.x + box.width * 0.75, box.y + 40);
      await at(duration * 0.75, duration * 0.01);
      const clicked = (await mediaOf(page)).currentTime;
      await page.keyboard.press('ArrowLeft');
      await at(clicked - 5);
      await page.keyboard.press('l');
      await at(Math.min(clicked + 5, duration));
      await lanes.focus();
      await page.keyboard.press('Home');
      await at(0);
      await page.keyboard.press('ArrowRight');
      await at(5);
      expect(await lanes.getAttribute('aria-valuenow')).to.equal('5');

      await page.keyboard.press('k');
      await eventually(async () => expect((await mediaOf(page)).currentTime).to.be.greaterThan(5.3));
    });

    it('plays it faster', async () => {
      await page.getByRole('combobox', { name: 'Speed' }).click();
      await page.getByTitle('2×', { exact: true }).click();
      await eventually(async () => expect((await mediaOf(page)).rate).to.equal(2));
      const before = await mediaOf(page);
      const after = await eventually(async () => {
        const media = await mediaOf(page);
        expect(media.at - before.at).to.be.greaterThan(1_000);
        return media;
      });
      const pace = (after.currentTime - before.currentTime) / ((after.at - before.at) / 1_000);
      expect(pace).to.be.within(1.7, 2.3);
    });

    it('shows who has heard the call, live and again', async () => {
      await page.reload();
      const list = page.getByRole('region', { name: 'Who has heard it' });
      await list.getByText('Lin Yue').first().waitFor();
      await eventually(async () => {
        const words = await list.textContent();
        expect(words).to.include('live');
        expect(words).to.include('replayed');
      });
    });
  });

  describe('in Chinese, on a phone', () => {
    it('signs in after switching the language', async () => {
      ({ page } = await come({ language: 'en', ...phone }));
      await page.getByRole('button', { name: '切换为中文' }).click();
      await page.getByRole('button', { name: '唐欣' }).click();
      await page.getByRole('heading', { level: 1, name: /唐欣/ }).waitFor();
      expect(await page.locator('html').getAttribute('lang')).to.equal('zh-CN');
    });

    it('is led from the call that is on to a free seat, checks in and hears it', async () => {
      await page.getByRole('link', { name: '去入席' }).click();
      const slot = page.getByRole('dialog');
      await slot.getByRole('button', { name: '预约席位' }).click();
      await slot.getByRole('button', { name: '签到' }).click();
      await slot.getByRole('button', { name: '进入体验室' }).click();
      await page.getByRole('button', { name: '开始听' }).click();
      await page.locator('[data-testid="live-state"][data-phase="live"]').waitFor();
      await eventually(async () => {
        const { agent, customer } = await heard(page);
        expect(agent.hz).to.be.within(590, 610);
        expect(customer.hz).to.be.within(1_190, 1_210);
      });
      await page.getByText('没有人听得到您').waitFor();
      await page.getByRole('button', { name: '停止', exact: true }).click();
      await page.locator('[data-testid="live-state"][data-phase="idle"]').waitFor();
      expect((await heard(page)).agent.level).to.equal(0);
    });

    it('plays the recording', async () => {
      await page.getByRole('link', { name: '离开体验室' }).click();
      await page.getByRole('link', { name: '录音库', exact: true }).click();
      await page.getByRole('link', { name: product.zh }).click();
      await page.getByRole('button', { name: '播放', exact: true }).click();
      const start = await eventually(async () => {
        const media = await mediaOf(page);
        expect(media.currentTime).to.be.greaterThan(0);
        return media;
      });
      const box = (await page.getByRole('slider', { name: '通话进度' }).boundingBox())!;
      await page.touchscreen.tap(box.x + box.width * 0.6, box.y + 30);
      await eventually(async () => {
        expect((await mediaOf(page)).currentTime).to.be.within(start.duration * 0.58, start.duration * 0.75);
      });
      await second.end();
    });
  });
});
