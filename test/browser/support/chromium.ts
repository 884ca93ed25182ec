import { type Browser, chromium } from 'playwright-core';
import { findOnPath } from '#scripts/setup/run.ts';

const flags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
];

/** A headless Chromium of its own, with `flags` besides the usual ones. Close it in an `after` hook. */
export async function launchChromium(extraFlags: readonly string[] = []): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? (await findOnPath('chromium'));
  if (executablePath === undefined) throw new Error('there is no chromium on PATH: npm test provides it');
  // Root, as in a container, has no sandbox to run a browser in.
  return chromium.launch({
    executablePath,
    headless: true,
    chromiumSandbox: false,
    // Whoever runs the tests ends them in order; a browser taken away meanwhile would only look like a failure.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [...flags, ...extraFlags],
  });
}

let shared: Promise<Browser> | undefined;

/** One browser for all tests of a mocha run; each opens contexts of its own in it. */
export function sharedChromium(): Promise<Browser> {
  shared ??= launchChromium();
  return shared;
}

// Registered on mocha's root suite: among the last things of a run.
after('close the browser', async () => {
  await (await shared)?.close();
  shared = undefined;
});
