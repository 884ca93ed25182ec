import { chromium } from 'playwright-core';
import { sendTone } from '#support/rtp-sender.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { heard } from './join.bench.ts';
import type { World } from './world.ts';

/** What the live room's page shows to measurements while it is mounted. */
interface RoomOnPage {
  readonly mixer: { level(role: string): number };
}

/**
 * Click to first audio as a person has it: headless Chromium, the real page, from the click on Listen until the
 * sound of both legs is in the page's own audio graph. Milliseconds.
 */
export async function measureClicks(world: World, clicks: number): Promise<Figure[]> {
  const call = await world.telephony.open({ lineId: 'supermarket' });
  const sendings = call.legs.map((leg) =>
    sendTone({ to: leg, hz: leg.role === 'agent' ? 440 : 880, seconds: 900 }),
  );
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
    ].concat(['--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required']),
  });
  const times: number[] = [];
  try {
    await heard(world, call.callId);
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
    for (const pair of world.host.api.cookie.split('; ')) {
      const at = pair.indexOf('=');
      await context.addCookies([
        { name: pair.slice(0, at), value: pair.slice(at + 1), url: world.server.url },
      ]);
    }
    const page = await context.newPage();
    await page.goto(`${world.server.url}/room/${world.slotId}`);
    for (let click = 0; click < clicks; click++) {
      await page.getByTestId('listen').waitFor();
      times.push(
        await page.evaluate(async () => {
          const room = (window as unknown as { __room: RoomOnPage }).__room;
          const clicked = performance.now();
          document.querySelector<HTMLElement>('[data-testid="listen"]')!.click();
          for (;;) {
            if (room.mixer.level('agent') > 0.01 && room.mixer.level('customer') > 0.01) break;
            if (performance.now() - clicked > 10_000) throw new Error('no audio within 10 s of the click');
            await new Promise((resolve) => setTimeout(resolve, 2));
          }
          return performance.now() - clicked;
        }),
      );
      await page.getByTestId('leave').click();
    }
  } finally {
    await browser.close();
    await Promise.all(sendings.map((sending) => sending.stop()));
    await world.telephony.end(call.callId);
  }
  const p95 = percentile(times, 95);
  return [
    {
      name: `click to first audio in Chromium, p50 of ${clicks}`,
      value: rounded(percentile(times, 50)),
      unit: 'ms',
    },
    {
      name: `click to first audio in Chromium, p95 of ${clicks}`,
      value: rounded(p95),
      unit: 'ms',
      beside: 'target < 200 ms',
      met: p95 < 200,
    },
  ];
}
