import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { findOnPath } from '#scripts/setup/run.ts';
import type { PersonClient } from '#support/clients/person-client.ts';

/** What the live room's page shows to measurements while it is mounted. */
export interface RoomOnPage {
  readonly mixer: { level(role: string): number; dominantHz(role: string): number };
  readonly shift: { edgeMs(): number; heardMs(): number; seek(ms: number): void; goLive(): void };
  readonly state: {
    readonly shift: { readonly behindMs: number; readonly liveInMs: number | null } | null;
  };
}

/** Louder than this it is heard: a tone at half of full scale is far above, what is left of a cut one far below. */
export const audible = 0.01;

/** A headless Chromium that plays without being asked to. Root, as in a container, has no sandbox to run it in. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? (await findOnPath('chromium'));
  if (executablePath === undefined) throw new Error('there is no chromium on PATH');
  return chromium.launch({
    executablePath,
    chromiumSandbox: false,
    args: [
      ...['--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
}

/** A desk at which somebody is signed in. */
export async function deskOf(browser: Browser, { api }: PersonClient, url: string): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
  await context.addCookies(
    api.cookie.split('; ').map((pair) => {
      const at = pair.indexOf('=');
      return { name: pair.slice(0, at), value: pair.slice(at + 1), url };
    }),
  );
  return context;
}

/** Until the call that is heard has lasted so many seconds. */
export async function callLasts(page: Page, seconds: number): Promise<void> {
  await page.waitForFunction(
    ({ ms, level }) => {
      const room = (window as unknown as { __room?: RoomOnPage }).__room;
      return room !== undefined && room.mixer.level('agent') > level && room.shift.edgeMs() > ms;
    },
    { ms: seconds * 1_000, level: audible },
    { timeout: seconds * 1_000 + 30_000 },
  );
}
