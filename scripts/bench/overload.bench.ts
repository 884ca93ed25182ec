import { Audience, type Heard, type Joins } from './audience.ts';
import { CpuSpent, processesOf, shares } from './cpu-spent.ts';
import { Crowd, joinsTogether } from './crowd.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { heard } from './join.bench.ts';
import { assertAll } from './listeners.bench.ts';
import { probeCount } from './probes.ts';
import { RtpSource } from './rtp-source.ts';
import type { World } from './world.ts';

const legs = 2;
const limitMs = 20;
/** What the crowd's leaving sets off has come to rest. */
const restMs = 3_000;
/** How fast the crowd comes, ms: in one moment, as no crowd of people does, and as fast as one may. */
const paces = [0, 10_000];
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The other lines, each with a room: nobody has more than 200 seats. */
const otherLines = ['electronics', 'appliance-installation', 'fresh-food', 'delivery'];
/** What a worker is given here: the listeners' own ears run on the same cores, at three times the SFU's cost a packet. */
export const overloadEnv = { MEDIA_WORKERS: '1', MEDIA_WORKER_STREAMS: '224' };

/**
 * Offers far more than a worker is given to carry: `offered` listeners of one call, from four rooms, all in one moment
 * and then within ten seconds, while `hearing` in a fifth room and a few probes hear it. The surplus is refused with a
 * word, and those who hear go on hearing. The crowd's own handshakes run on the same cores: what they took is told beside.
 */
export async function* measureOverload(
  world: World,
  hearing: number,
  offered: number,
  seconds: number,
): AsyncGenerator<Figure[]> {
  const source = new RtpSource();
  const [settled, probes] = [new Crowd(hearing), new Audience({ probes: true })];
  const newcomers = otherLines.map(() => new Crowd(Math.ceil(offered / otherLines.length)));
  const each = Math.ceil(offered / newcomers.length);
  const call = await world.telephony.open({ lineId: 'supermarket' });
  try {
    await source.start([{ id: call.callId, ports: call.legs.map(({ port }) => port) }]);
    await heard(world, call.callId);
    const at = { url: world.server.url, slotId: world.slotId };
    await settled.open({ ...at, from: 1, count: hearing });
    await probes.open({ ...at, from: hearing + 1, count: probeCount });
    await probes.openDirect();
    for (const [place, some] of newcomers.entries()) {
      const slotId = await world.openRoom(otherLines[place]!);
      await some.open({ ...at, slotId, from: hearing + probeCount + place * each + 1, count: each });
    }
    assertAll((await settled.join(numbers(hearing), [call.callId], false)).refused);
    assertAll((await probes.join(numbers(probeCount), [call.callId], false)).refused);
    yield stillHearing('before', await whatIsHeard([settled, probes], () => pause(seconds * 1_000)));

    for (const pace of paces) {
      const when = pace === 0 ? 'all at once' : `within ${pace / 1_000} s`;
      const spent = await CpuSpent.from(
        await processesOf(
          world,
          newcomers.flatMap(({ pids }) => pids),
        ),
      );
      const from = performance.now();
      let joins: Joins | undefined;
      let took = 0;
      const during = await whatIsHeard([settled, probes], async () => {
        joins = joinsTogether(
          await Promise.all(newcomers.map((some) => some.join(numbers(each), [call.callId], true, pace))),
        );
        took = (performance.now() - from) / 1_000;
      });
      yield [
        admitted(
          `${each * newcomers.length * legs} streams offered ${when}`,
          joins!,
          each * newcomers.length,
          took,
        ),
        ...stillHearing(
          `while ${offered} come ${when}`,
          during,
          `CPU-s: ${shares(await spent.soFar())}; target < ${limitMs} ms; `,
        ),
      ];
      const full = await whatIsHeard([settled, probes], () => pause(seconds * 1_000));
      yield stillHearing(`with all who came ${when}`, full, `target < ${limitMs} ms; `);
      await Promise.all(newcomers.map((some) => some.leave()));
      await pause(restMs);
    }
  } finally {
    for (const one of [settled, probes, ...newcomers]) one.close();
    source.close();
    await world.telephony.end(call.callId).catch(() => undefined);
  }
}

interface Both {
  readonly crowd: Heard;
  readonly probed: Heard;
}

/** What those hear who hear already, while something else is done. */
async function whatIsHeard(
  [crowd, probes]: readonly [Crowd, Audience],
  meanwhile: () => Promise<void>,
): Promise<Both> {
  await Promise.all([crowd.begin(), probes.begin()]);
  await meanwhile();
  const [crowdHeard, probed] = await Promise.all([crowd.tell(), probes.tell()]);
  // Looking at the tones was work on the same cores.
  await pause(restMs);
  return { crowd: crowdHeard, probed };
}

function admitted(name: string, { ms, refused }: Joins, offered: number, took: number): Figure {
  const turnedAway = Object.values(refused).reduce((a, b) => a + b, 0);
  const strange = Object.entries(refused).filter(([code]) => code !== 'media.full');
  const others = strange.map(([code, count]) => `${count} by ${code}`).join(', ');
  const waited = ms.length > 0 ? `; p95 to the first packet ${rounded(percentile(ms, 95))} ms` : '';
  return {
    name: `${name}: listeners let in, the others refused with media.full`,
    value: ms.length,
    unit: 'listeners',
    beside: `${turnedAway} refused${others && `, ${others}`}, all answered after ${rounded(took)} s${waited}`,
    met: ms.length + turnedAway === offered && strange.length === 0,
  };
}

function stillHearing(when: string, { crowd, probed }: Both, words?: string): Figure[] {
  const [p50, p99] = [percentile(probed.travelledMs, 50), percentile(probed.travelledMs, 99)];
  const missing = crowd.missing + probed.missing;
  const packets = crowd.packets + probed.packets;
  const wrong = crowd.wrong + probed.wrong;
  return [
    {
      name: `those who heard already, ${when}: sender to ear p99`,
      value: rounded(p99),
      unit: 'ms',
      beside: `${words ?? ''}p50 ${rounded(p50)} ms; direct path p99 ${rounded(percentile(probed.directMs, 99))} ms; ${missing} of ${packets + missing} packets missing, ${crowd.lost + probed.lost} lost; ${wrong} of ${crowd.lookedAt + probed.lookedAt} tones wrong`,
      ...(words === undefined ? {} : { met: p99 < limitMs && wrong === 0 }),
    },
  ];
}
