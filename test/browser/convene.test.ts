import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { bookmarksEndpoints } from '#contract/bookmarks.ts';
import { meetingsEndpoints } from '#contract/meetings.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { between, decodeStereo } from '#support/decoded-audio.ts';
import { eventually } from '#support/eventually.ts';
import { eventOf } from '#support/mime.ts';
import { dominantFrequency } from '#support/tone.ts';
import { expectAccessible } from './support/accessibility.ts';
import { type House, raiseHouse } from './support/house.ts';
import { cutOffWords, englishLeftovers, machineWords, sidewaysScroll } from './support/inspect.ts';
import { mediaOf, rememberPlayedMedia } from './support/sound.ts';
import { desk, phone, type Visit, visit } from './support/visit.ts';

/** From two marked moments to somebody's action: what comes after listening, in the browser. */
describe('After listening', function () {
  this.timeout(60_000);
  let house: House;
  let manager: PersonClient;
  let opened: Visit | undefined;
  let meetingPath: string;
  let recordingPath: string;

  before(async function () {
    this.timeout(180_000);
    house = await raiseHouse({ ANALYSIS: 'off' });
    const facts = { scenarioId: 'nappy-size-swap', sku: 'softcub-nappies-m' };
    const calls = await Promise.all(
      [0, 1].map((index) =>
        house.call({
          lineId: 'supermarket',
          seconds: 12,
          agentHz: 440 + 220 * index,
          customerHz: 880 + 220 * index,
          facts,
        }),
      ),
    );
    await Promise.all(calls.map(({ done }) => done));
    await Promise.all(calls.map((call) => call.end()));
    manager = await PersonClient.signIn(house.url, 'supermarket-manager');
    const recordings = await eventually(
      async () => {
        const { recordings: all } = await manager.recordings.list();
        expect(all.map(({ state }) => state)).to.deep.equal(['archived', 'archived']);
        return all;
      },
      { within: 30_000, every: 200 },
    );
    for (const [index, recording] of recordings.entries()) {
      await manager.api.call(bookmarksEndpoints.mark, {
        body: {
          ...{ recordingId: recording.id, offsetMs: 5_000, note: `尺码问题 ${index + 1}` },
          ...{ visibility: 'private', remedy: null, idempotencyKey: randomUUID() },
        },
      });
    }
  });
  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });
  after(() => house?.stop());

  async function look(path: string, options: Parameters<typeof visit>[1] = {}): Promise<Page> {
    opened = await visit(house.url, { personaId: 'supermarket-manager', ...options });
    await rememberPlayedMedia(opened.context);
    await opened.page.goto(path);
    return opened.page;
  }

  it('convenes those who answer for two marked moments', async () => {
    const page = await look('/meetings');
    await page.getByTestId('convene').click();
    const picker = page.getByTestId('moment-picker');
    await picker.getByRole('checkbox', { name: /尺码问题 1/ }).check();
    await picker.getByRole('checkbox', { name: /尺码问题 2/ }).check();
    const agenda = page.getByTestId('picked').getByRole('listitem');
    await eventually(async () => expect(await agenda.count()).to.equal(2));
    await page.getByRole('button', { name: 'Move up: 尺码问题 2' }).click();
    await agenda.first().getByText('尺码问题 2').waitFor();
    const invitees = page.getByTestId('invitees');
    await invitees
      .getByText(/owns Consumer goods › Supermarket › Supermarket after-sales/)
      .first()
      .waitFor();
    await invitees.getByRole('checkbox', { name: /Gao Ning/ }).uncheck();
    await page.getByRole('combobox', { name: 'Ask somebody else' }).fill('Song');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.getByLabel('What is it about?').fill('尺码会诊');
    await page.getByLabel('Where').fill('8 号会议室');
    await page.getByTestId('ask').click();
    await page.getByRole('heading', { level: 1, name: '尺码会诊' }).waitFor();
    meetingPath = new URL(page.url()).pathname;
    const people = page.getByRole('region', { name: 'Invited' });
    await people.getByText('Tang Xin').waitFor();
    await people.getByText('Song Hao').waitFor();
    expect(await people.getByText('Gao Ning').count()).to.equal(0);
    expect(opened?.problems).to.deep.equal([]);
  });

  it('offers the invitation as a calendar file, as there is no mail server', async () => {
    const page = await look(meetingPath);
    await page.getByText(/No mail server is set up here/).waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('ics').click()]);
    expect(download.suggestedFilename()).to.equal('尺码会诊.ics');
    const { method, properties } = eventOf(await readFile(await download.path(), 'utf8'));
    expect(method).to.equal('REQUEST');
    expect(properties.get('SUMMARY')?.[0]?.value).to.equal('尺码会诊');
    expect(properties.get('ATTENDEE')).to.have.length(2);
  });

  it('plays the agenda in its order, one after the other, each its own clip', async () => {
    const clips = async () => {
      const { agenda } = await manager.api.call(meetingsEndpoints.show, {
        params: { id: meetingPath.split('/').at(-1)! },
      });
      const first = agenda[0]!;
      return manager.api.call(meetingsEndpoints.audio, {
        params: { id: meetingPath.split('/').at(-1)!, itemId: first.id },
      });
    };
    await eventually(async () => expect((await clips()).fromMs).to.equal(0), { within: 20_000, every: 300 });
    const page = await look(meetingPath);
    const current = () => page.locator('[data-current="true"]');
    await page.getByTestId('play-all').click();
    await current().getByText('尺码问题 2').waitFor();
    const first = await eventually(async () => {
      const media = await mediaOf(page);
      expect(media.currentTime).to.be.above(0.5);
      expect(media.decodedBytes).to.be.above(0);
      return media;
    });
    expect(first.duration).to.be.within(11, 13);
    await page.getByRole('slider').first().focus();
    await page.keyboard.press('End');
    await current().getByText('尺码问题 1').waitFor();
    const second = await eventually(async () => {
      const media = await mediaOf(page);
      expect(media.url).not.to.equal(first.url);
      expect(media.currentTime).to.be.above(0.5);
      return media;
    });
    // What was played: the agent's tone on the left, the customer's on the right, another call each time.
    const tones = await Promise.all(
      [first, second].map(async ({ url }) => {
        const { left, right, rate } = await decodeStereo(url, 8_000);
        return [left, right].map((side) => dominantFrequency(between(side, rate, 3_000, 4_000), rate));
      }),
    );
    expect(tones).to.have.deep.members([
      [440, 880],
      [660, 1_100],
    ]);
    expect(opened?.problems).to.deep.equal([]);
  });

  it('keeps notes, and makes a decision somebody’s action', async () => {
    const page = await look(meetingPath);
    await page.getByLabel('Notes on: 尺码问题 2').fill('免费换码');
    await page.getByRole('button', { name: 'Save the note' }).click();
    await eventually(async () =>
      expect(await page.getByRole('button', { name: 'Save the note' }).count()).to.equal(0),
    );
    await page.getByLabel('What is to be done').fill('超市线推出免费换码');
    await page.getByLabel('Until').fill('2020-02-29');
    await page.getByRole('combobox', { name: 'About which moment' }).click();
    await page.getByTitle('1. 尺码问题 2').click();
    await page.getByTestId('decide').click();
    const action = page.getByTestId('actions').getByRole('listitem');
    await action.getByText('超市线推出免费换码').waitFor();
    expect(await action.getAttribute('data-overdue')).to.equal('true');
    await action.getByRole('link', { name: 'About: 尺码问题 2' }).waitFor();
    const about = page.getByTestId('agenda').locator('> li').first();
    await about.getByTestId('decided-about').getByText('超市线推出免费换码').waitFor();
    await page.getByRole('button', { name: 'It took place' }).click();
    await page.getByText(/ · Held/).waitFor();
    expect(opened?.problems).to.deep.equal([]);
  });

  it('shows the action on its owner’s Today, overdue, until it is done', async () => {
    const page = await look('/', { personaId: 'mother-baby-owner' });
    const mine = page.getByTestId('my-actions').getByRole('listitem');
    await mine.getByText(/Overdue since/).waitFor();
    await mine.getByRole('button', { name: /^Done: 超市线/ }).click();
    await eventually(async () => expect(await page.getByTestId('my-actions').count()).to.equal(0));
    const seats = page.getByTestId('hours');
    await seats.getByText(/of 2 hr/).waitFor();
  });

  it('hears a clip outside one’s scope because one was asked, and says so', async () => {
    const page = await look(meetingPath, { personaId: 'delivery-director' });
    await page.getByText('You hear it because you are asked to this meeting.').first().waitFor();
    await page.getByRole('button', { name: 'Play: 尺码问题 2' }).click();
    await eventually(async () => expect((await mediaOf(page)).currentTime).to.be.above(0.5), {
      within: 15_000,
    });
    const agent = await look('/desk', { personaId: 'agent-1' });
    const heard = agent.getByTestId('heard-me').getByRole('listitem');
    await heard.filter({ hasText: 'Song Hao' }).filter({ hasText: 'in a meeting' }).first().waitFor();
  });

  it('leads from the call to what was decided about it, and back', async () => {
    const page = await look(meetingPath);
    const item = page.getByTestId('agenda').locator('> li').first();
    await item.getByRole('link', { name: 'Open the recording' }).click();
    const clip = page.getByTestId('clip');
    await clip.getByText('超市线推出免费换码').waitFor();
    await clip.getByText('No transcript: personal data is not silenced').waitFor();
    recordingPath = new URL(page.url()).pathname;
    await clip.getByRole('link', { name: 'Talked about in “尺码会诊”' }).click();
    await page.getByRole('heading', { level: 1, name: '尺码会诊' }).waitFor();
    expect(new URL(page.url()).hash).to.match(/^#item_/);
    expect(opened?.problems).to.deep.equal([]);
  });

  it('takes a clip back when its maker says why; the agenda says so in words and plays it no more', async () => {
    const page = await look(meetingPath);
    const item = page.getByTestId('agenda').locator('> li').nth(1);
    await item.getByRole('button', { name: 'Play: 尺码问题 1' }).waitFor();
    await item.getByRole('link', { name: 'Open the recording' }).click();
    await page.getByTestId('withdraw-clip').click();
    const dialog = page.getByRole('dialog', { name: 'Take this clip back?' });
    await dialog.getByRole('button', { name: 'Delete its sound' }).click();
    await dialog.getByText(/Three characters at least/).waitFor();
    await dialog.getByRole('textbox').fill('客户要求删除');
    await dialog.getByRole('button', { name: 'Delete its sound' }).click();
    const clip = page.getByTestId('clip');
    await clip.getByText(/^Taken back by Lin Yue, .*: 客户要求删除$/).waitFor();
    expect(await clip.getByRole('button', { name: /^Play/ }).isDisabled()).to.equal(true);
    await page.goto(meetingPath);
    await item.getByText(/^Taken back by Lin Yue/).waitFor();
    expect(await item.getByRole('button', { name: /^Play/ }).count()).to.equal(0);
    expect(opened?.problems).to.deep.equal([]);
  });

  it('downloads the report as a table', async () => {
    const page = await look('/reports/listening?period=week');
    await page.getByTestId('report').waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('csv').click()]);
    const lines = (await readFile(await download.path(), 'utf8')).split('\r\n');
    expect(lines[0]).to.equal('\uFEFFName,Title,Calls,Minutes,Minutes live,Moments,Actions,Open actions');
    expect(lines[1]).to.match(/^Lin Yue,Supermarket category manager,\d+,[\d.]+,0,2,0,0$/);
  });

  const pages: { name: string; path: () => string; as?: string; shown: (page: Page) => Promise<unknown> }[] =
    [
      {
        name: 'convening',
        path: () => '/meetings/new',
        async shown(page) {
          await page
            .getByRole('checkbox', { name: /尺码问题 1/ })
            .first()
            .check();
          await page.getByTestId('invitees').waitFor();
        },
      },
      {
        name: 'meetings',
        path: () => '/meetings',
        shown: (page) => page.locator('main li').first().waitFor(),
      },
      {
        name: 'a meeting',
        path: () => meetingPath,
        async shown(page) {
          await page
            .getByRole('button', { name: /^(Play|播放)[:：]/ })
            .first()
            .click();
          await page.getByTestId('agenda-player').waitFor();
          await page.getByRole('slider').first().waitFor();
        },
      },
      {
        name: 'a call that was talked about',
        path: () => recordingPath,
        shown: (page) => page.getByTestId('decisions').first().waitFor(),
      },
      {
        name: 'report',
        path: () => '/reports/listening?period=week',
        shown: (page) => page.getByTestId('report').waitFor(),
      },
      {
        name: 'report of a team',
        path: () => '/reports/listening?period=week&business=supermarket',
        shown: (page) => page.getByTestId('people').waitFor(),
      },
      {
        name: 'agent desk',
        path: () => '/desk',
        as: 'agent-1',
        shown: (page) => page.getByTestId('heard-me').waitFor(),
      },
      {
        name: 'notices',
        path: () => '/operations',
        as: 'admin',
        shown: (page) => page.getByTestId('line-notices').waitFor(),
      },
      { name: 'today', path: () => '/', shown: (page) => page.getByTestId('hours').waitFor() },
    ];
  for (const { name, path, as, shown } of pages) {
    it(`fits a desk and a phone in both languages: ${name}`, async () => {
      for (const language of ['en', 'zh-CN'] as const) {
        const page = await look(path(), { language, ...(as && { personaId: as }) });
        await shown(page);
        for (const [size, { width, height }] of Object.entries({ desk, phone })) {
          await page.setViewportSize({ width, height });
          await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
          await eventually(async () => {
            expect(await sidewaysScroll(page), `${language} ${size}`).to.equal(0);
            expect(await cutOffWords(page), `${language} ${size}`).to.deep.equal([]);
          });
          if (process.env.TEST_SHOTS) {
            const file = `${name.replaceAll(' ', '-')}-${size}-${language}.png`;
            await page.screenshot({ path: `${process.env.TEST_SHOTS}/${file}`, fullPage: true });
          }
        }
        expect(await machineWords(page)).to.deep.equal([]);
        if (language === 'zh-CN') expect(await englishLeftovers(page)).to.deep.equal([]);
        await expectAccessible(page);
        expect(opened?.problems).to.deep.equal([]);
        await opened?.close();
      }
    });
  }
});
