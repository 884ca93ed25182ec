import type { Page } from 'playwright-core';
import { sendSamples } from '#support/rtp-sender.ts';
import { staircase, staircaseHz } from '#support/staircase.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { heard } from './join.bench.ts';
import { callLasts, deskOf, launchBrowser, type RoomOnPage } from './room-page.ts';
import type { World } from './world.ts';

/** As long as the staircase is. */
const callSeconds = 110;
/** What lies nearer to the playhead than this is in the page already, and no measure of anything. Seconds. */
const apart = 25;

/**
 * A seek within a live call as a person has it: headless Chromium, the real page, from the seek until the tone that was
 * said there is in the page's own audio graph. Every second of the call has its own tone, so it is the right sound that
 * is waited for, and every place is one that the page has to fetch. Milliseconds.
 */
export async function measureSeeks(world: World, seeks: number, callAge: number): Promise<Figure[]> {
  const call = await world.telephony.open({ lineId: 'supermarket' });
  const samples = staircase(callSeconds);
  const sendings = call.legs.map((leg) => sendSamples({ to: leg, samples }));
  const browser = await launchBrowser();
  const fromLive: number[] = [];
  const fromShifted: number[] = [];
  try {
    await heard(world, call.callId);
    const context = await deskOf(browser, world.host, world.server.url);
    const page = await context.newPage();
    await page.goto(`${world.server.url}/room/${world.slotId}`);
    await page.getByTestId('listen').click();
    await callLasts(page, callAge);
    for (let seek = 0; seek < seeks; seek++) {
      // There and back again, each time to another second.
      const near = 1 + (seek % Math.max(1, Math.floor((callAge - apart) / 4)));
      await goLive(page);
      fromLive.push(await timeOf(page, near));
      fromShifted.push(await timeOf(page, near + apart));
    }
  } finally {
    await browser.close();
    await Promise.all(sendings.map((sending) => sending.stop()));
    await world.telephony.end(call.callId);
  }
  const all = [...fromLive, ...fromShifted];
  const p95 = percentile(all, 95);
  return [
    {
      name: 'seek from live to first sound in Chromium, p50',
      value: rounded(percentile(fromLive, 50)),
      unit: 'ms',
    },
    {
      name: 'seek while shifted to first sound, p50',
      value: rounded(percentile(fromShifted, 50)),
      unit: 'ms',
    },
    {
      name: `seek within a live call to first sound, p95 of ${all.length}`,
      value: rounded(p95),
      unit: 'ms',
      beside: 'target < 400 ms',
      met: p95 < 400,
    },
  ];
}

async function goLive(page: Page): Promise<void> {
  await page.evaluate(() => (window as unknown as { __room: RoomOnPage }).__room.shift.goLive());
  await page.waitForFunction(() => {
    const { mixer, state } = (window as unknown as { __room: RoomOnPage }).__room;
    return state.shift === null && mixer.level('agent') > 0.01;
  });
}

/** From a seek into a second of the call until that second's tone is heard. */
function timeOf(page: Page, second: number): Promise<number> {
  return page.evaluate(
    async ({ ms, hz }) => {
      const room = (window as unknown as { __room: RoomOnPage }).__room;
      const sought = performance.now();
      room.shift.seek(ms);
      while (Math.abs(room.mixer.dominantHz('agent') - hz) > 10) {
        if (performance.now() - sought > 10_000) throw new Error(`no sound of ${ms} ms within 10 s`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return performance.now() - sought;
    },
    { ms: second * 1_000 + 100, hz: staircaseHz(second) },
  );
}
