import { randomUUID } from 'node:crypto';
import { clipsEndpoints } from '#contract/clips.ts';
import { ApiError } from '#support/clients/api-client.ts';
import { sendTone } from '#support/rtp-sender.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { heard } from './join.bench.ts';
import type { World } from './world.ts';

const pollEveryMs = 25;
const patienceMs = 60_000;
const apartMs = 2_000;

const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Hang-up to a clip that plays: a clip is asked for while each call goes on; the clock runs from the answer to the
 * hang-up until the clip's address answers with sound. The calls are `seconds` long and begin, and end, two seconds after
 * one another; each clip is a call's first 30 s. Milliseconds.
 */
export async function measureClips(world: World, calls: number, seconds: number): Promise<Figure[]> {
  const times = await Promise.all(
    Array.from({ length: calls }, async (_, i) => {
      await rest(i * apartMs);
      return one(world, seconds);
    }),
  );
  const p95 = percentile(times, 95);
  return [
    {
      name: `hang-up to a clip that plays, p50 of ${calls} calls of ${seconds} s`,
      value: rounded(percentile(times, 50)),
      unit: 'ms',
    },
    {
      name: `hang-up to a clip that plays, p95 of ${calls} calls of ${seconds} s`,
      value: rounded(p95),
      unit: 'ms',
      beside: 'target < 5000 ms',
      met: p95 < 5_000,
    },
  ];
}

async function one(world: World, seconds: number): Promise<number> {
  const { telephony, host } = world;
  const call = await telephony.open({ lineId: 'supermarket' });
  const sendings = call.legs.map((leg) =>
    sendTone({ to: leg, hz: leg.role === 'agent' ? 440 : 880, seconds }),
  );
  await heard(world, call.callId);
  const toMs = seconds * 1_000;
  const { id } = await host.api.call(clipsEndpoints.cut, {
    body: {
      ...{ callId: call.callId, fromMs: 0, toMs: Math.min(toMs, 30_000), title: 'bench' },
      idempotencyKey: randomUUID(),
    },
  });
  await Promise.all(sendings.map(({ done }) => done));
  await telephony.end(call.callId);
  const hungUpAt = performance.now();
  for (;;) {
    const url = await host.api.call(clipsEndpoints.audio, { params: { id } }).then(
      ({ renderings }) => renderings[0]!.url,
      (error: unknown) => {
        if (error instanceof ApiError && error.code === 'clip.not-ready') return null;
        throw error;
      },
    );
    if (url !== null) {
      const sound = await fetch(url);
      const bytes = (await sound.arrayBuffer()).byteLength;
      if (!sound.ok || bytes < 1_000) throw new Error(`the clip answers ${sound.status}, ${bytes} bytes`);
      return performance.now() - hungUpAt;
    }
    if (performance.now() - hungUpAt > patienceMs) throw new Error('no clip within a minute of the hang-up');
    await rest(pollEveryMs);
  }
}
