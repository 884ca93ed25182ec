import { spawnSync } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { z } from 'zod';
import type { Codec } from '#contract/primitives.ts';
import { createLog } from '#kernel/log.ts';
import { exitWithParent } from '#kernel/parent.ts';
import { cast } from './casting.ts';
import { playCall, sleep } from './demo-call.ts';
import { Studio } from './studio.ts';
import { telephonyApi } from './telephony-api.ts';
import { RtpWheel } from './wheel.ts';

/**
 * Telephone calls for the demo: real two-sided speech as RTP through the first door, one call after the other on every
 * line, until SIGTERM. Environment: API_URL, TELEPHONY_API_KEY, DEMO_CALLS (how many at once, 6 unless told),
 * LOG_LEVEL, SPEECH_CACHE_DIR.
 */
const environment = z.object({
  API_URL: z.url(),
  TELEPHONY_API_KEY: z.string().min(1),
  DEMO_CALLS: z.coerce.number().int().min(1).max(200).default(6),
  LOG_LEVEL: z.string().default('info'),
});

const parsed = environment.safeParse(process.env);
if (!parsed.success) {
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  process.stderr.write(`The demo calls cannot start:\n${lines.join('\n')}\n`);
  process.exit(64);
}
const env = parsed.data;
exitWithParent();

const log = createLog('demo-calls', env.LOG_LEVEL);
const api = telephonyApi(env.API_URL, env.TELEPHONY_API_KEY);
const wheel = new RtpWheel();
const studio = new Studio();
const stopping = new AbortController();
const local = await isLocal(new URL(env.API_URL).hostname);
const codecs: readonly Codec[] = canEncodeOpus() ? ['PCMU', 'PCMA', 'opus'] : ['PCMU', 'PCMA'];

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) process.exit(1);
    log.info({ signal }, 'ending the calls');
    stopping.abort();
    // Whoever waits for a rendering waits no longer.
    void studio.close();
  });
}

void studio.died.then((error) => {
  log.fatal({ err: error }, 'the studio died');
  process.exit(1);
});

log.info({ calls: env.DEMO_CALLS, codecs, local }, 'demo calls begin');
await Promise.all(Array.from({ length: env.DEMO_CALLS }, (_, place) => keepCalling(place)));
await studio.close();
log.info('demo calls over');

/**
 * One call after the other, with a pause of 3 to 12 s between. A server that is away is asked again and again, and
 * one that was restarted gets a new call at once.
 */
async function keepCalling(place: number): Promise<void> {
  const { signal } = stopping;
  // A little apart, as calls come.
  await sleep(place * 700, signal);
  let failures = 0;
  let pause = false;
  for (let round = 0; !signal.aborted; round++) {
    const next = cast(place, round, codecs, env.DEMO_CALLS);
    try {
      const [production] = await Promise.all([
        studio.produce(next.script),
        pause ? sleep(3_000 + Math.random() * 9_000, signal) : undefined,
      ]);
      if (signal.aborted) return;
      const end = await playCall(next, production, { api, wheel, log, local, signal });
      failures = 0;
      pause = end === 'finished';
    } catch (thrown) {
      if (signal.aborted) return;
      failures++;
      pause = false;
      const pauseMs = Math.min(10_000, 500 * 2 ** failures);
      log.warn({ lineId: next.request.lineId, pauseMs, err: thrown }, 'no call could be made; trying again');
      await sleep(pauseMs, signal);
    }
  }
}

async function isLocal(hostname: string): Promise<boolean> {
  const address = await lookup(hostname).then(
    (found) => found.address,
    () => hostname,
  );
  return address.startsWith('127.') || address === '::1';
}

function canEncodeOpus(): boolean {
  const { stdout } = spawnSync('ffmpeg', ['-hide_banner', '-encoders'], { encoding: 'utf8' });
  return stdout?.includes('libopus') ?? false;
}
