import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { measureAnalysis } from './bench/analysis.bench.ts';
import { measureArchive } from './bench/archive.bench.ts';
import { measureBeeps } from './bench/beeps.bench.ts';
import { measureCaptureLoad } from './bench/capture-load.bench.ts';
import { measureCatchUp } from './bench/catch-up.bench.ts';
import { measureClicks } from './bench/click.bench.ts';
import { measureClips } from './bench/clip.bench.ts';
import { measureDispatch } from './bench/dispatch.bench.ts';
import { type Figure, table } from './bench/figures.ts';
import { measureForwarding } from './bench/forwarding.bench.ts';
import { measureBesideJanus } from './bench/janus.bench.ts';
import { measureJoin } from './bench/join.bench.ts';
import { measureLatency } from './bench/latency.bench.ts';
import { measureListeners } from './bench/listeners.bench.ts';
import { measureOverload, overloadEnv } from './bench/overload.bench.ts';
import { measureRecovery } from './bench/recovery.bench.ts';
import { measureRtpIngress } from './bench/rtp-ingress.bench.ts';
import { measureSeal } from './bench/seal.bench.ts';
import { measureSeeks } from './bench/seek.bench.ts';
import { measureShift } from './bench/shift.bench.ts';
import { openWorld, type World } from './bench/world.ts';
import { prepare } from './setup/prepare.ts';
import { Terminal } from './setup/progress.ts';
import { PROJECT_ROOT } from './setup/root.ts';
import { SetUpError } from './setup/set-up-error.ts';

/**
 * `npm run bench [-- NAME …] [-- --quick]`: measures, prints a table, writes bench-results/latest.json.
 * Absolute times depend on the machine; the ratios beside them were measured in the same run.
 * `--quick` shortens the calls (30 s instead of 5 minutes): to see that the bench works, not to quote.
 */
interface Common {
  readonly name: string;
  readonly onlyAsked?: boolean;
}
/** Long ones give their figures as they come, so that what was measured is not lost with what fails after it. */
type Measured = Promise<Figure[]> | AsyncIterable<Figure[]>;
interface InWorld extends Common {
  /** The server's environment; one SFU worker unless told. */
  readonly env?: NodeJS.ProcessEnv;
  readonly measure: (world: World, quick: boolean) => Measured;
}
/** Opens what it needs by itself. */
interface ByItself extends Common {
  readonly measureAlone: (quick: boolean) => Measured;
}
type Bench = InWorld | ByItself;

const benches: readonly Bench[] = [
  { name: 'click', measure: (world, quick) => measureClicks(world, quick ? 10 : 40) },
  { name: 'join', measure: (world, quick) => measureJoin(world, quick ? 20 : 100) },
  { name: 'latency', measure: (world, quick) => measureLatency(world, quick ? 8 : 30) },
  {
    name: 'forwarding',
    measure: (world, quick) => measureForwarding(world, quick ? 20 : 100, quick ? 5 : 15),
  },
  { name: 'listeners', measure: (world, quick) => measureListeners(world, quick ? 40 : 200, quick ? 5 : 15) },
  {
    name: 'janus',
    // Takes Debian's janus and the right to make a network: only when it is asked for.
    onlyAsked: true,
    measureAlone: (quick) => measureBesideJanus(quick ? 20 : 200, quick ? 4 : 12),
  },
  {
    name: 'overload',
    env: overloadEnv,
    measure: (world, quick) => measureOverload(world, quick ? 50 : 96, quick ? 400 : 900, 10),
  },
  {
    name: 'recovery',
    measure: (world, quick) =>
      measureRecovery(world, quick ? { cuts: [2], times: 2 } : { cuts: [2, 5, 15], times: 10 }),
  },
  {
    name: 'ingress',
    measureAlone: async (quick) => {
      const figures = await measureRtpIngress(200, quick ? 5 : 20);
      return [
        {
          name: 'RTP ingress (Node), CPU per packet, 200 legs',
          value: figures.microsecondsPerPacket,
          unit: 'µs',
          beside: `${figures.packetsPerSecond} packets/s, ${figures.missing} missing`,
        },
      ];
    },
  },
  { name: 'seek', measure: (world, quick) => measureSeeks(world, quick ? 4 : 30, quick ? 32 : 70) },
  { name: 'catch-up', measure: (world, quick) => measureCatchUp(world, quick ? [6] : [8, 16, 30]) },
  { name: 'dispatch', measure: (world, quick) => measureDispatch(world, quick ? 20 : 200, quick ? 10 : 100) },
  {
    name: 'shift',
    measure: (world, quick) =>
      measureShift(
        world,
        quick ? { listeners: 10, seeks: 30, seconds: 5 } : { listeners: 50, seeks: 200, seconds: 20 },
      ),
  },
  { name: 'seal', measureAlone: (quick) => measureSeal(quick ? 30 : 300) },
  { name: 'beeps', measureAlone: () => measureBeeps() },
  {
    name: 'capture-load',
    measure: (world, quick) =>
      measureCaptureLoad(world, quick ? [25, 50] : [25, 50, 100, 200], quick ? 20 : 300),
  },
  { name: 'clip', measure: (world, quick) => measureClips(world, quick ? 4 : 20, quick ? 10 : 60) },
  { name: 'analysis', measureAlone: (quick) => measureAnalysis(quick ? 60 : 300) },
  { name: 'archive', measure: (world, quick) => measureArchive(world, quick ? 3 : 6, quick ? 30 : 300) },
];

// Ends by an exit, so that what was started ends with it and a network is taken down.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.chdir(PROJECT_ROOT);
try {
  const given = process.argv.slice(2);
  const quick = given.includes('--quick');
  const wanted = given.filter((word) => !word.startsWith('--'));
  const { mediaWorker } = await prepare('bench', new Terminal(process.stderr));
  process.env.MEDIASOUP_WORKER_BIN = mediaWorker;
  const figures: (Figure & { bench: string })[] = [];
  const failed: string[] = [];
  for (const bench of benches.filter(({ name, onlyAsked }) =>
    wanted.length === 0 ? !onlyAsked : wanted.includes(name),
  )) {
    console.error(`measuring ${bench.name} …`);
    let world: World | undefined;
    // One that fails is told and does not take the others' figures with it.
    try {
      const alone = 'measureAlone' in bench;
      if (!alone) world = await openWorld(bench.env ?? { MEDIA_WORKERS: '1' });
      const measured = alone ? bench.measureAlone(quick) : bench.measure(world!, quick);
      for await (const some of Symbol.asyncIterator in measured ? measured : [await measured]) {
        const named = some.map((figure) => ({ bench: bench.name, ...figure }));
        console.error(table(named));
        figures.push(...named);
      }
    } catch (error) {
      failed.push(bench.name);
      console.error(error);
    } finally {
      await world?.close();
    }
  }
  console.log(table(figures));
  await mkdir('bench-results', { recursive: true });
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version };
  const result = { at: new Date().toISOString(), quick, machine, failed, figures };
  await writeFile(join('bench-results', 'latest.json'), `${JSON.stringify(result, null, 2)}\n`);
  process.exit(failed.length > 0 ? 1 : figures.some((figure) => figure.met === false) ? 2 : 0);
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  console.error(`cannot measure: ${error.message}`);
  process.exit(1);
}
