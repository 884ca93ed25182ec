import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { ApiClient } from '#support/clients/api-client.ts';
import { sharedChromium } from './chromium.ts';

export type Language = 'en' | 'zh-CN';

export interface VisitOptions {
  /** What the browser asks for first, and with it the language of the first page. English unless told. */
  readonly language?: Language;
  /** CSS pixels: 1280 is a desk (default), 390 a phone. */
  readonly width?: number;
  readonly height?: number;
  /** Signed in already when the first page opens. */
  readonly personaId?: string;
  /** The one that all tests share, unless told. */
  readonly browser?: Browser;
}

export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What a person with an open console would have seen go wrong since the start or the last `forgive`. */
  readonly problems: readonly string[];
  /** Forgets the problems so far that match: those that the test provoked. */
  forgive(expected: RegExp): void;
  close(): Promise<void>;
}

/** Sizes that the tests look at: a desk and a phone. */
export const desk = { width: 1280, height: 800 } as const;
export const phone = { width: 390, height: 844 } as const;

const open = new Set<Page>();

// What the pages looked like when a test failed: TEST_PICTURES names the folder to keep it in.
afterEach('keep pictures', async function () {
  const folder = process.env.TEST_PICTURES;
  if (!folder || this.currentTest?.state !== 'failed') return;
  const name = this.currentTest.fullTitle().replaceAll(/\W+/g, '-').slice(-80);
  const pages = [...open].map((page, index) =>
    page.screenshot({ path: join(folder, `${name}-${index}.png`), timeout: 5_000 }),
  );
  await Promise.allSettled(pages);
});

/** One person's browser: cookies and storage of its own, in the zone that the demo company works in. */
export async function visit(url: string, options: VisitOptions = {}): Promise<Visit> {
  const browser = options.browser ?? (await sharedChromium());
  const width = options.width ?? desk.width;
  const small = width < 768;
  const context = await browser.newContext({
    baseURL: url,
    locale: options.language ?? 'en',
    timezoneId: 'Asia/Shanghai',
    viewport: { width, height: options.height ?? (small ? phone.height : desk.height) },
    hasTouch: small,
    // A pointer would meet dialogs while they still move, and click beside their buttons.
    reducedMotion: 'reduce',
    permissions: ['microphone', 'clipboard-read', 'clipboard-write'],
  });
  context.setDefaultTimeout(15_000);
  if (options.personaId !== undefined) await signIn(context, url, options.personaId);
  const page = await context.newPage();
  let problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  open.add(page);
  page.on('close', () => open.delete(page));
  return {
    context,
    page,
    get problems() {
      return problems;
    },
    forgive(expected) {
      problems = problems.filter((problem) => !expected.test(problem));
    },
    close: () => context.close(),
  };
}

/** Signs in behind the page's back, for tests that are about what comes after. */
export async function signIn(context: BrowserContext, url: string, personaId: string): Promise<void> {
  const api = new ApiClient(url);
  await api.signIn(personaId);
  await context.addCookies(
    api.cookie.split('; ').map((pair) => {
      const at = pair.indexOf('=');
      return { name: pair.slice(0, at), value: pair.slice(at + 1), url };
    }),
  );
}
