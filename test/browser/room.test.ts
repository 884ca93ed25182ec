import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { PersonClient } from '#support/clients/person-client.ts';
import { eventually } from '#support/eventually.ts';
import { expectAccessible } from './support/accessibility.ts';
import { cutOffWords, englishLeftovers, machineWords, sidewaysScroll } from './support/inspect.ts';
import { canGoOffline, type Offline } from './support/offline.ts';
import { roomScene } from './support/room-scene.ts';
import { heard } from './support/sound.ts';
import { phone, type Visit, type VisitOptions } from './support/visit.ts';

const hears = (page: Page, agentHz: number) =>
  eventually(async () => expect((await heard(page)).agent.hz).to.be.closeTo(agentHz, 8), { within: 15_000 });

const notesOf = (page: Page) => page.getByTestId('notes');
const textOf = (page: Page) => notesOf(page).inputValue();
const isSaved = (page: Page) => page.locator('[data-testid="notes"][data-phase="saved"]').waitFor();
/** Puts the caret somewhere, as a click would. */
const caretAt = (page: Page, position: number) =>
  notesOf(page).evaluate((field: HTMLTextAreaElement, at) => {
    field.focus();
    field.setSelectionRange(at, at);
  }, position);
const alike = (...pages: Page[]) =>
  eventually(async () => expect(new Set(await Promise.all(pages.map(textOf))).size).to.equal(1), {
    within: 15_000,
  });

/** An input method at work: letters that are being composed, then what they become. */
async function inputMethod(page: Page) {
  const session = await page.context().newCDPSession(page);
  return {
    compose: (text: string) =>
      session.send('Input.imeSetComposition', {
        text,
        selectionStart: text.length,
        selectionEnd: text.length,
      }),
    commit: (text: string) => session.send('Input.insertText', { text }),
  };
}

interface Guest extends Visit {
  readonly offline: Offline;
}

describe('The room beside the voices', function () {
  this.timeout(90_000);
  const scene = roomScene();
  const come = async (personaId: string, options: VisitOptions = {}): Promise<Guest> => {
    const one = await scene.open({ personaId, ...options });
    const guest = Object.assign(one, { offline: await canGoOffline(one.context) });
    await enter(one.page);
    return guest;
  };
  const enter = async (page: Page) => {
    await page.goto(`/room/${scene.slotId}`);
    await page.getByRole('tab', { name: /^(Room|体验室)/ }).click();
    await isSaved(page);
  };
  const ring = (agentHz: number) => scene.ring({ agentHz, customerHz: 2 * agentHz });

  describe('has notes', () => {
    it('that two write at the same place at once, one of them in Chinese, and nothing of either is lost', async () => {
      const [{ page: one }, { page: two }] = [await come('supermarket-manager'), await come('host')];
      await notesOf(one).fill('Heard: . End.');
      await alike(one, two);
      await Promise.all([caretAt(one, 7), caretAt(two, 7)]);
      const method = await inputMethod(one);
      await method.compose('niao');
      await Promise.all([method.compose('niao bu'), two.keyboard.type('the size ', { delay: 20 })]);
      // What the other wrote must not end the composition: it stands where it stood until it is done.
      expect(await textOf(one)).to.equal('Heard: niao bu. End.');
      await method.commit('尿布');
      await two.getByText('Lin Yue is writing').waitFor();
      await Promise.all([
        one.keyboard.type('小了', { delay: 20 }),
        two.keyboard.type('is too small ', { delay: 20 }),
      ]);
      await Promise.all([isSaved(one), isSaved(two)]);
      await alike(one, two);
      const text = await textOf(one);
      expect(text).to.include('尿布小了').and.to.include('the size is too small ');
      expect(text.length).to.equal('Heard: . End.尿布小了the size is too small '.length);
      expect(text.startsWith('Heard: ') && text.endsWith('. End.')).to.equal(true);
    });

    it('that keep the caret at its words, and take back only one’s own', async () => {
      const [{ page: one }, { page: two }] = [await come('supermarket-manager'), await come('host')];
      await notesOf(one).fill('first line\nsecond line');
      await alike(one, two);
      await caretAt(one, 17);
      await caretAt(two, 0);
      await two.keyboard.type('from the host: ');
      await alike(one, two);
      await one.keyboard.type('😀');
      await alike(one, two);
      expect(await textOf(two)).to.equal('from the host: first line\nsecond😀 line');
      await one.keyboard.press('Control+z');
      await alike(one, two);
      expect(await textOf(two)).to.equal('from the host: first line\nsecond line');
      await one.keyboard.press('Control+Shift+z');
      await alike(one, two);
      expect(await textOf(one)).to.include('second😀 line');
    });

    it('that are written on without a connection, and come together when it is back', async () => {
      const [guest, { page: two }] = [await come('supermarket-manager'), await come('host')];
      const one = guest.page;
      await notesOf(one).fill('before. ');
      await alike(one, two);
      await guest.offline.leave();
      await one.getByText('No connection').first().waitFor();
      await caretAt(one, 8);
      await one.keyboard.type('离线写的 offline. ');
      await one.getByText('Not stored yet: kept on this device').waitFor();
      await caretAt(two, 8);
      await two.keyboard.type('meanwhile. ');
      await isSaved(two);
      expect(await textOf(two)).to.equal('before. meanwhile. ');
      await guest.offline.back();
      await isSaved(one);
      await alike(one, two);
      expect(await textOf(two))
        .to.include('离线写的 offline. ')
        .and.to.include('meanwhile. ');

      // And over a window that is closed before the connection is back.
      await guest.offline.leave();
      await caretAt(one, 0);
      await one.keyboard.type('写完就关了。');
      await one.getByText('Not stored yet: kept on this device').waitFor();
      await one.close();
      await guest.offline.back();
      const again = await guest.context.newPage();
      await enter(again);
      await alike(again, two);
      expect(await textOf(two)).to.match(/^写完就关了。before\. /);
      guest.forgive(/ERR_INTERNET_DISCONNECTED|WebSocket/);
    });
  });

  it('does not take what is typed for its keys', async () => {
    await ring(440);
    const { page } = await come('supermarket-manager');
    await notesOf(page).fill('');
    await notesOf(page).focus();
    await page.keyboard.type('nhk lmsb 0');
    expect(await textOf(page)).to.equal('nhk lmsb 0');
    await page.getByTestId('message').focus();
    await page.keyboard.type('n h 0 ');
    await page.locator('[data-testid="live-state"][data-phase="idle"]').waitFor();
    await page.getByText('No hand is up.').waitFor();
    // Out of the text by one key, and the room's keys work again.
    await page.keyboard.press('Escape');
    await page.keyboard.press('h');
    await page.getByRole('listitem').filter({ hasText: 'Lin Yue' }).filter({ hasText: 'since' }).waitFor();
    await page.keyboard.press('h');
    await page.getByText('No hand is up.').waitFor();
  });

  it('carries messages, and what the host takes away is seen to be gone', async () => {
    const [{ page: one }, { page: two }] = [await come('supermarket-manager'), await come('host')];
    await one.getByTestId('message').fill('她要的是换大一码');
    // Enter belongs to the input method while it composes.
    await one.getByTestId('message').focus();
    const method = await inputMethod(one);
    await method.compose('ma');
    await one.keyboard.press('Enter');
    expect(await two.getByRole('log').count()).to.equal(0);
    await method.commit('吗');
    await one.keyboard.press('Enter');
    const log = two.getByRole('log');
    await log.getByText('她要的是换大一码').waitFor();
    expect(await one.getByTestId('message').inputValue()).to.equal('');
    await two.getByTestId('message').fill('Noted.');
    await two.getByRole('button', { name: 'Send' }).click();
    await one.getByRole('log').getByText('Noted.').waitFor();
    await log.getByRole('listitem').first().getByRole('button', { name: 'Remove this message' }).click();
    await two.getByRole('button', { name: 'Remove', exact: true }).click();
    await one.getByRole('log').getByText('Removed by the host').waitFor();
    expect(await one.getByRole('log').getByText('她要的是换大一码').count()).to.equal(0);
    expect(await one.getByRole('button', { name: 'Remove this message' }).count()).to.equal(0);
  });

  it('shows raised hands to everybody, and counts what came while one looked elsewhere', async () => {
    const [{ page: one }, { page: two }] = [await come('supermarket-manager'), await come('host')];
    await two.getByRole('tab', { name: /^This call/ }).click();
    await one.getByTestId('hand').click();
    await two.getByRole('status').filter({ hasText: 'Lin Yue raised a hand.' }).waitFor();
    await one.getByTestId('message').fill('May I ask something?');
    await one.keyboard.press('Enter');
    const tab = two.getByRole('tab', { name: /^Room/ });
    await tab.locator('sup[title="2"]').waitFor();
    await tab.click();
    await tab.locator('sup[title="2"]').waitFor({ state: 'detached' });
    await two.getByRole('button', { name: 'Lower the hand of Lin Yue' }).click();
    await one.getByRole('button', { name: 'Raise my hand' }).waitFor();
  });

  it('is brought to another call by its host, and everybody may go back', async () => {
    await ring(440);
    const listener = await come('supermarket-manager');
    const { page } = listener;
    await page.getByTestId('listen').click();
    await hears(page, 440);
    await ring(640);
    const { page: hosts } = await come('host');
    await hosts.getByTestId('move-room').click();
    // The younger call is the first of the two.
    await hosts.getByRole('menuitem').first().click();
    await page.getByTestId('room-moved').waitFor();
    await hears(page, 640);
    await expectAccessible(page);
    await page
      .getByTestId('room-moved')
      .getByRole('button', { name: /^Back to/ })
      .click();
    await hears(page, 440);
    await page.getByTestId('room-moved').waitFor({ state: 'detached' });

    // Who comes later is asked, and not pulled in.
    const other = await PersonClient.signIn(scene.house.url, 'retail-executive');
    await other.seats.checkIn(await other.seats.reserve({ id: scene.slotId }));
    const { page: late } = await come('retail-executive');
    await late.getByTestId('room-offered').waitFor();
    expect((await heard(late)).agent.level).to.equal(0);
    await late.getByTestId('room-offered').getByRole('button', { name: 'Hear it' }).click();
    await hears(late, 640);
  });

  it('can be read afterwards', async () => {
    const { page } = await come('supermarket-manager');
    await notesOf(page).fill('The nappies are too small. 尿布小了。');
    await isSaved(page);
    await page.goto(`/slots/${scene.slotId}/room`);
    await page.getByText('The nappies are too small. 尿布小了。').waitFor();
    await page.getByText(/^Written by/).waitFor();
    await expectAccessible(page);
  });

  describe('is open to everybody (axe finds nothing, nothing is cut off)', () => {
    const looks: [string, VisitOptions][] = [
      ['at a desk in English', { language: 'en' }],
      ['on a phone in Chinese', { language: 'zh-CN', ...phone }],
    ];
    for (const [name, options] of looks) {
      it(name, async () => {
        await Promise.all([ring(440), ring(640)]);
        const { page: listener } = await come('supermarket-manager');
        await listener.getByTestId('hand').click();
        await listener.getByTestId('message').fill('尿布');
        await listener.keyboard.press('Enter');
        const { page } = await come('host', options);
        await page.getByRole('log').getByText('尿布').first().waitFor();
        await page.getByTestId('move-room').click();
        await page.getByRole('menuitem').first().waitFor();
        await expectAccessible(page);
        await page.keyboard.press('Escape');
        await page.getByRole('menuitem').first().waitFor({ state: 'hidden' });
        await expectAccessible(page);
        expect(await cutOffWords(page)).to.deep.equal([]);
        expect(await sidewaysScroll(page)).to.be.at.most(0);
        expect(await machineWords(page)).to.deep.equal([]);
        if (options.language === 'zh-CN') {
          // What people wrote is in the language they wrote it in.
          const written = `${await textOf(page)} ${await page.getByRole('log').textContent()}`;
          const left = (await englishLeftovers(page)).filter((words) => !written.includes(words));
          expect(left).to.deep.equal([]);
        }
        // Every control of it can be reached by the keyboard, and shows that it has the focus.
        await notesOf(page).focus();
        const outline = await notesOf(page).evaluate((field) => getComputedStyle(field).outlineStyle);
        expect(outline).to.equal('solid');
        await listener.getByTestId('hand').click();
      });
    }
  });
});
