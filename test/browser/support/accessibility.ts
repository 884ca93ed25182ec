import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { eventually } from '#support/eventually.ts';

const engine = readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');

interface AxeWindow {
  axe?: { run(): Promise<AxeResults> };
}

/** Fails with what axe-core objects to on the page as it is now: the rule, and where. */
export async function expectAccessible(page: Page): Promise<void> {
  // A colour half-way between two is neither: what moves to an end is let come there.
  await eventually(async () => {
    const moving = await page.evaluate(() =>
      document
        .getAnimations()
        .filter(({ playState }) => playState === 'running')
        .filter(({ effect }) => effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY)
        .map(({ effect }) => (effect as KeyframeEffect | null)?.target?.className),
    );
    expect(moving).to.deep.equal([]);
  });
  // Evaluated and not added as a script, which the page's own policy would refuse.
  await page.evaluate(await engine);
  const { violations } = await page.evaluate(() => (globalThis as AxeWindow).axe!.run());
  const found = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, html }) => `${id}: ${help} — ${target.join(' ')} — ${html.slice(0, 160)}`),
  );
  expect(found).to.deep.equal([]);
}
