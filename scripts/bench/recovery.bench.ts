import type { Page } from 'playwright-core';
import { eventually } from '#support/eventually.ts';
import { type ServerProcess, startServer } from '#support/server-process.ts';
import { throughShakyNetwork } from '../../test/browser/support/shaky-network.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { audible, deskOf, launchBrowser, type RoomOnPage } from './room-page.ts';
import { RtpSource } from './rtp-source.ts';
import { mediaWorkersOf, type World } from './world.ts';

const targetMs = 3_000;
/** Nobody waits so long; the bench ends there. */
const hearsWithinMs = 60_000;
/** From a death to its first notice: the longest that a page may go on with what it has. */
const silentWithinMs = 15_000;
/** Between two of them: a listening that has just begun is not one that is cut. */
const restMs = 2_000;
/** A worker that dies again within ten seconds is kept waiting on purpose: that is not what is measured. */
const workerLivesMs = 11_000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * How soon a listener hears again: the real page in headless Chromium, by itself. Its media cut for some seconds and
 * given back; the SFU's worker killed; the server killed and started again, where the call is lost with it and the
 * line's next one begins as soon as there is a server. Until sound is in the page's own audio graph, ms.
 */
export async function* measureRecovery(
  world: World,
  { cuts, times }: { readonly cuts: readonly number[]; readonly times: number },
): AsyncGenerator<Figure[]> {
  const source = new RtpSource();
  const browser = await launchBrowser();
  let server: ServerProcess = world.server;
  const ring = async () => {
    const { callId, legs } = await world.telephony.open({ lineId: 'supermarket' });
    await source.start([{ id: callId, ports: legs.map(({ port }) => port) }]);
    return callId;
  };
  let callId = '';
  try {
    const context = await deskOf(browser, world.host, world.server.url);
    const network = await throughShakyNetwork(context);
    const page = await context.newPage();
    await page.goto(`${world.server.url}/room/${world.slotId}`);
    await page.getByTestId('follow').getByText('This line').click();
    callId = await ring();
    await hears(page);
    for (const seconds of cuts) {
      const took = await severalTimes(times, async () => {
        network.cut();
        await Promise.all([silent(page), pause(seconds * 1_000)]);
        const from = Date.now();
        network.mend();
        return (await hears(page)) - from;
      });
      yield figuresOf(`media cut for ${seconds} s: from its return to the first sound`, took);
    }
    const respawns = await severalTimes(times, async () => {
      await pause(workerLivesMs);
      const workers = await mediaWorkersOf(server.pid);
      const from = Date.now();
      for (const pid of workers) process.kill(pid, 'SIGKILL');
      await silent(page);
      return (await hears(page)) - from;
    });
    yield figuresOf('SFU worker killed: from its death to the first sound', respawns);

    const outages: number[] = [];
    const restarts = await severalTimes(times, async () => {
      const from = Date.now();
      await source.stop(callId);
      server.kill();
      await silent(page);
      server = await startServer(world.stores, {
        MEDIA_WORKERS: '1',
        LOG_LEVEL: 'info',
        PORT: String(world.server.port),
      });
      // Ready when a call can begin: a recorder has to have seen it, too.
      callId = await eventually(ring, { within: 15_000, every: 20 });
      const back = Date.now();
      outages.push(back - from);
      return (await hears(page)) - back;
    });
    const down = `it was away for ${rounded(percentile(outages, 50))} ms (p50)`;
    yield figuresOf('server killed: from its return, with a new call, to the first sound', restarts, down);
    network.close();
  } finally {
    await browser.close();
    source.close();
    await world.telephony.end(callId).catch(() => undefined);
    if (server !== world.server) await server.stop();
  }
}

async function severalTimes(times: number, once: () => Promise<number>): Promise<number[]> {
  const took: number[] = [];
  for (let time = 0; time < times; time++) {
    await pause(restMs);
    took.push(await once());
  }
  return took;
}

/** Until sound is heard. Resolves with when it was, UTC ms. */
function hears(page: Page): Promise<number> {
  return untilLevel(page, 'above', hearsWithinMs);
}

/** Until nothing is heard any more. */
function silent(page: Page): Promise<number> {
  return untilLevel(page, 'below', silentWithinMs);
}

function untilLevel(page: Page, side: 'above' | 'below', withinMs: number): Promise<number> {
  return page.evaluate(
    async ({ side, limit, withinMs }) => {
      const deadline = performance.now() + withinMs;
      for (;;) {
        const room = (window as unknown as { __room?: RoomOnPage }).__room;
        const level = room?.mixer.level('agent') ?? 0;
        if (side === 'above' ? level > limit : level < limit) return Date.now();
        if (performance.now() > deadline)
          throw new Error(`the sound was not ${side} ${limit} in ${withinMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
    },
    { side, limit: audible, withinMs },
  );
}

function figuresOf(name: string, took: readonly number[], beside?: string): Figure[] {
  const [p50, p95, max] = [percentile(took, 50), percentile(took, 95), Math.max(...took)];
  return [
    {
      name: `${name}, p95 of ${took.length}`,
      value: rounded(p95),
      unit: 'ms',
      beside: `p50 ${rounded(p50)} ms, max ${rounded(max)} ms; target < ${targetMs} ms${beside ? `; ${beside}` : ''}`,
      met: p95 < targetMs,
    },
  ];
}
