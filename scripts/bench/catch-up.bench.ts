import type { Browser, Page } from 'playwright-core';
import { PersonClient } from '#support/clients/person-client.ts';
import { type Figure, rounded } from './figures.ts';
import { heard } from './join.bench.ts';
import { audible, callLasts, deskOf, launchBrowser, type RoomOnPage } from './room-page.ts';
import { RtpSource } from './rtp-source.ts';
import type { World } from './world.ts';

const speeds = [1.25, 1.5, 1.75, 2] as const;
/** Of what was computed. */
const tolerance = 0.05;

interface CaughtUp {
  readonly speed: number;
  /** Behind live when the speed was chosen, ms. */
  readonly behindMs: number;
  /** When the page said that it would be live, and when it was, ms. */
  readonly computedMs: number;
  readonly measuredMs: number;
}

/**
 * Catching up as a person has it: the real page in headless Chromium, so many seconds behind a live call, at each of
 * its speeds; the time to live that the page computed beside the time that it took. Without silence in the call, which
 * would be skipped. Two pages at a time.
 */
export async function* measureCatchUp(world: World, distances: readonly number[]): AsyncGenerator<Figure[]> {
  const source = new RtpSource();
  const call = await world.telephony.open({ lineId: 'supermarket' });
  const browser = await launchBrowser();
  try {
    await source.start([{ id: call.callId, ports: call.legs.map(({ port }) => port) }]);
    await heard(world, call.callId);
    const farthest = Math.max(...distances);
    for (const pair of [speeds.slice(0, 2), speeds.slice(2)]) {
      const pages = await Promise.all(pair.map((_, place) => listen(browser, world, `crowd-${place + 1}`)));
      await Promise.all(pages.map((page) => callLasts(page, farthest + 5)));
      for (const seconds of distances) {
        const caughtUp = await Promise.all(pages.map((page, place) => catchUp(page, pair[place]!, seconds)));
        yield caughtUp.map(figureOf);
      }
      await Promise.all(pages.map((page) => page.context().close()));
    }
  } finally {
    await browser.close();
    source.close();
    await world.telephony.end(call.callId).catch(() => undefined);
  }
}

/** Each page is somebody else's: a person hears one call at a time. */
async function listen(browser: Browser, world: World, personaId: string): Promise<Page> {
  const { url } = world.server;
  const context = await deskOf(browser, await PersonClient.signIn(url, personaId), url);
  const page = await context.newPage();
  await page.goto(`${url}/room/${world.slotId}`);
  await page.getByTestId('listen').click();
  return page;
}

async function catchUp(page: Page, speed: number, seconds: number): Promise<CaughtUp> {
  await page.evaluate((ms) => {
    const { shift } = (window as unknown as { __room: RoomOnPage }).__room;
    shift.seek(shift.heardMs() - ms);
  }, seconds * 1_000);
  await page.waitForFunction((level) => {
    const { state, mixer } = (window as unknown as { __room: RoomOnPage }).__room;
    return state.shift !== null && mixer.level('agent') > level;
  }, audible);
  await page.getByRole('radiogroup', { name: 'Speed' }).getByText(`${speed}×`, { exact: true }).click();
  await page.locator('[data-testid="live-state"][data-heard="catching-up"]').waitFor();
  // Twice the way and some more: whatever takes longer never arrives.
  const limitMs = (2 * seconds * 1_000) / (speed - 1) + 10_000;
  const told = await page.evaluate(async (limit) => {
    const room = (window as unknown as { __room: RoomOnPage }).__room;
    // Just said anew, as it is four times a second.
    const before = room.state.shift;
    while (room.state.shift === before) await new Promise((resolve) => setTimeout(resolve, 1));
    const from = performance.now();
    const computedMs = room.state.shift?.liveInMs ?? Number.NaN;
    const behindMs = room.state.shift?.behindMs ?? Number.NaN;
    while (room.state.shift) {
      if (performance.now() - from > limit) throw new Error('it never caught up');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return { computedMs, behindMs, measuredMs: performance.now() - from };
  }, limitMs);
  return { speed, ...told };
}

function figureOf({ speed, behindMs, computedMs, measuredMs }: CaughtUp): Figure {
  const ratio = measuredMs / computedMs;
  return {
    name: `catch up at ${speed}× from ${rounded(behindMs / 1_000)} s behind`,
    value: rounded(measuredMs / 1_000, 4),
    unit: 's',
    beside: `computed ${rounded(computedMs / 1_000, 4)} s; target within ± ${tolerance * 100} %`,
    ratio: rounded(ratio, 4),
    met: Math.abs(ratio - 1) <= tolerance,
  };
}
