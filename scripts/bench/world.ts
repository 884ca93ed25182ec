import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storesConfig } from '#kernel/config.ts';
import { createObjectStore, type ObjectStore } from '#kernel/s3.ts';
import { type StackEnv, startStack } from '#scripts/embedded/stack.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { type RecorderProcess, startRecorder } from '#support/recorder-process.ts';
import { crowd, seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';

/** Programme hosts, who need no seat: `crowd-1` … */
const crowdSize = 1_300;

/** Everything a bench needs, started as in production: stores, one server, one recordings worker, a slot that runs. */
export interface World {
  readonly stores: StackEnv;
  /** Of the stores that were started for this; none of those that the environment names. */
  readonly storePids: readonly number[];
  readonly server: ServerProcess;
  readonly recorder: RecorderProcess;
  readonly telephony: TelephonyClient;
  readonly host: PersonClient;
  readonly slotId: string;
  /** A room of 200 seats that is open now, on another line. Resolves to its slot's id. */
  openRoom(lineId: string): Promise<string>;
  readonly objects: ObjectStore;
  close(): Promise<void>;
}

export async function openWorld(env: NodeJS.ProcessEnv = {}): Promise<World> {
  const dataDir = await mkdtemp(join(tmpdir(), 'cloud-listening-bench-'));
  const stack = await startStack({ dataDir });
  await seedCompany(stack.env.MONGODB_URL, crowd(crowdSize, 'supermarket', 'host'));
  const [server, recorder] = await Promise.all([
    startServer(stack.env, { LOG_LEVEL: 'info', ...env }),
    startRecorder(stack.env, join(dataDir, 'spool')),
  ]);
  const host = await PersonClient.signIn(server.url, 'host');
  const startsAt = Math.floor(Date.now() / 300_000) * 300_000;
  const openRoom = async (lineId: string) =>
    (await host.seats.plan({ lineId, startsAt, endsAt: startsAt + 3 * 3_600_000, seats: 200 })).id;
  const slotId = await openRoom('supermarket');
  const objects = createObjectStore(storesConfig({ ...stack.env }));
  return {
    stores: stack.env,
    storePids: stack.services.flatMap(({ process }) => process?.pid ?? []),
    server,
    recorder,
    telephony: new TelephonyClient(server.url, testTelephonyKey),
    host,
    slotId,
    openRoom,
    objects,
    close: async () => {
      objects.close();
      await server.stop();
      await recorder.stop();
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** CPU seconds a process and the children it has waited for have used so far. Linux: /proc, 100 ticks a second. */
export async function cpuSecondsOf(pid: number, options: { withChildren?: boolean } = {}): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const own = fields[11]! + fields[12]!;
  const children = options.withChildren ? fields[13]! + fields[14]! : 0;
  return (own + children) / 100;
}

/** The SFU worker processes of a server. */
export async function mediaWorkersOf(serverPid: number): Promise<number[]> {
  const children = await readFile(`/proc/${serverPid}/task/${serverPid}/children`, 'utf8');
  const pids = children.trim().split(/\s+/).map(Number);
  const named = await Promise.all(
    pids.map(async (pid) =>
      (await readFile(`/proc/${pid}/cmdline`, 'utf8')).includes('mediasoup') ? pid : null,
    ),
  );
  return named.filter((pid) => pid !== null);
}

/** Memory that a process has in RAM, bytes. */
export async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
}
