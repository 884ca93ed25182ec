import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { WEB_DIST } from '#scripts/setup/web-build.ts';
import { marks } from '#support/clients/moments-client.ts';
import { decodeStereo, loudSpans } from '#support/decoded-audio.ts';
import { eventually } from '#support/eventually.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { expectAccessible } from './support/accessibility.ts';
import { roomScene } from './support/room-scene.ts';
import { mediaOf, rememberPlayedMedia } from './support/sound.ts';
import { phone, type Visit, type VisitOptions } from './support/visit.ts';

const beeps = { everyMs: 2_000, lengthMs: 300 };

interface RoomWindow {
  __room?: { mixer: { level(role: string): number } };
}

/** Presses M in the very moment in which the page hears the customer's next beep begin. */
const markNextBeep = (page: Page) =>
  page.evaluate(async () => {
    const mixer = (globalThis as RoomWindow).__room?.mixer;
    if (!mixer) throw new Error('there is no room');
    const until = async (heard: boolean) => {
      const deadline = performance.now() + 8_000;
      while (mixer.level('customer') > 0.05 !== heard) {
        if (performance.now() > deadline) throw new Error('no beep came');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await until(false);
    await until(true);
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'm', bubbles: true, cancelable: true }));
  });

describe('Moments', function () {
  this.timeout(90_000);
  const scene = roomScene();
  let server: ServerProcess;
  let callId: string;
  let recordingId: string;

  const come = async (path: string, options: VisitOptions = {}): Promise<Visit> => {
    const one = await scene.open(options, server.url);
    await rememberPlayedMedia(one.context);
    await one.page.goto(path);
    return one;
  };
  const own = () => marks(scene.manager.at(server.url));

  before(() => {
    server = scene.house.server;
  });
  after(() => (server && server !== scene.house.server ? server.stop() : undefined));

  it('are marked by one key, noted, and kept although the server dies in between', async () => {
    const call = await scene.house.call({ lineId: 'supermarket', seconds: 60, beeps });
    callId = call.callId;
    const one = await come(`/room/${scene.slotId}`);
    const { page } = one;
    await page.getByTestId('listen').click();
    await page.locator('[data-testid="live-state"][data-phase="live"]').waitFor();

    // The clock and the jitter buffer are known after a moment.
    await eventually(async () =>
      expect((await page.getByTestId('line-quality').textContent()) ?? '').to.not.equal(''),
    );
    await markNextBeep(page);
    // No dialog in the way: one types at once.
    const note = page.getByRole('textbox', { name: /^Note on the moment at/ });
    await note.waitFor();
    await page.keyboard.type('Nappies outgrown');
    await page.keyboard.press('Enter');
    await note.waitFor({ state: 'detached' });
    await eventually(async () => {
      const made = await own().list({ callId });
      expect(made.map((mark) => mark.note)).to.deep.equal(['Nappies outgrown']);
    });

    // A second one, for everybody in the room, whose note is being typed when the server dies.
    await page.keyboard.press('m');
    await note.waitFor();
    await page.getByTestId('moment-note').getByText('Room', { exact: true }).click();
    await note.click();
    await page.keyboard.type('Half a ');
    server.kill();
    await page.locator('[data-testid="live-state"][data-phase="recovering"]').waitFor({ timeout: 20_000 });
    await page.keyboard.type('year early');
    await page.keyboard.press('Enter');
    // And a third while nobody answers; Escape keeps the mark without a note.
    await page.keyboard.press('m');
    await note.waitFor();
    await page.keyboard.type('never mind');
    await page.keyboard.press('Escape');
    await note.waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: /Moments/ }).click();
    await page.getByText('Kept here, on its way').first().waitFor();

    const webRoot = process.env.WEB_ROOT ?? WEB_DIST;
    server = await startServer(scene.house.stores, {
      WEB_ROOT: webRoot,
      PORT: String(scene.house.server.port),
    });
    await eventually(
      async () => {
        const made = await own().list({ callId });
        expect(made.map((mark) => mark.note)).to.deep.equal(['Nappies outgrown', 'Half a year early', '']);
        expect(made[1]!.visibility).to.equal('room');
      },
      { within: 30_000, every: 250 },
    );
    await page.getByText('Kept here, on its way').waitFor({ state: 'detached' });
    expect(
      await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('.mark.'))),
    ).to.deep.equal([]);
    one.forgive(/ERR_CONNECTION_REFUSED|WebSocket|ERR_|Failed to load resource|status of 5/);
  });

  it('are pins on the recording at the place that was heard; one is cut to a clip that sounds right', async () => {
    recordingId = await eventually(
      async () => {
        const { recordings } = await scene.manager.at(server.url).recordings.list();
        expect(recordings[0]?.state).to.equal('archived');
        return recordings[0]!.id;
      },
      { within: 60_000, every: 500 },
    );
    const [first] = await own().list({ recordingId });
    const { url } = await scene.manager.at(server.url).recordings.audio(recordingId);
    const audio = await decodeStereo(url, 8_000);
    const begun = loudSpans(audio.right, 8_000).map(({ fromMs }) => fromMs);
    const nearest = Math.min(...begun.map((fromMs) => Math.abs(fromMs - first!.offsetMs)));
    expect(nearest, `marked at ${first!.offsetMs}, beeps at ${begun.join(', ')}`).to.be.below(200);

    const { page } = await come(`/recordings/${recordingId}`);
    const list = page.getByRole('list', { name: 'Moments' });
    await list.getByText('Nappies outgrown').waitFor();
    await page
      .getByRole('button', { name: /Nappies outgrown$/ })
      .first()
      .waitFor();
    expect(await list.getByRole('listitem').count()).to.equal(3);
    await expectAccessible(page);

    // By key, at the place where one is.
    await list
      .getByRole('button', { name: /^Go to/ })
      .nth(1)
      .click();
    await page.locator('body').press('m');
    await page.getByRole('textbox', { name: /^Note on the moment at/ }).waitFor();
    await page.keyboard.type('Heard again');
    await page.keyboard.press('Enter');
    await eventually(async () =>
      expect((await own().list({ recordingId })).map(({ note }) => note)).to.include('Heard again'),
    );

    // A clip from the first mark, shortened by dragging its end on the timeline.
    await list
      .getByRole('button', { name: /^Clip from the mark/ })
      .first()
      .click();
    const cutter = page.getByTestId('clip-cutter');
    await cutter.waitFor();
    const end = page.getByTestId('selection-to');
    const box = (await end.boundingBox())!;
    const from = (await page.getByTestId('selection-from').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x - (box.x - from.x) / 3, box.y + 20, { steps: 5 });
    await page.mouse.up();
    await cutter.getByRole('textbox', { name: 'Title of the clip' }).fill('Outgrown in a month');
    await expectAccessible(page);
    await cutter.getByRole('button', { name: 'Cut it' }).click();
    await cutter.waitFor({ state: 'detached' });
    const clip = page.getByTestId('clip').filter({ hasText: 'Outgrown in a month' });
    await page.locator('[data-testid="clip"][data-state="ready"]').waitFor({ timeout: 20_000 });
    await clip.getByRole('button', { name: /^Play/ }).click();
    const played = await eventually(async () => {
      const media = await mediaOf(page);
      expect(media.url).to.include('/clip_');
      expect(media.currentTime).to.be.above(0.3);
      expect(media.decodedBytes).to.be.above(0);
      return media;
    });
    const [cut] = await own().clips({ recordingId });
    expect(played.duration * 1_000).to.be.closeTo(cut!.toMs - cut!.fromMs, 60);
    const sound = await decodeStereo(played.url, 8_000);
    const there = begun.filter((ms) => ms >= cut!.fromMs && ms < cut!.toMs - 100);
    const found = loudSpans(sound.right, 8_000).map(({ fromMs }) => fromMs + cut!.fromMs);
    expect(found).to.have.length(there.length).and.not.be.empty;
    found.forEach((ms, i) => void expect(ms).to.be.closeTo(there[i]!, 20));
  });

  it('show in the library that there is something worth hearing', async () => {
    const { page } = await come('/library');
    const row = page
      .getByRole('listitem')
      .filter({ has: page.locator(`a[href="/recordings/${recordingId}"]`) });
    await row.getByText('4 marks').waitFor();
    await row.getByText('1 clip').waitFor();
  });

  it('are marked by the thumb on a phone, in Chinese', async () => {
    const call = await scene.house.call({ lineId: 'supermarket', seconds: 40, beeps });
    const { page } = await come(`/room/${scene.slotId}`, { language: 'zh-CN', ...phone });
    await page.getByTestId('listen').click();
    await page.locator('[data-testid="live-state"][data-phase="live"]').waitFor();
    await page.getByTestId('mark-thumb').click();
    const note = page.getByRole('textbox', { name: /这一刻的备注/ });
    await note.fill('纸尿裤穿不下了');
    await expectAccessible(page);
    const widest = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(widest).to.be.at.most(0);
    await note.press('Enter');
    await eventually(async () =>
      expect((await own().list({ callId: call.callId })).map((mark) => mark.note)).to.deep.equal([
        '纸尿裤穿不下了',
      ]),
    );
    await call.end();
  });
});
