import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StackEnv } from '#scripts/embedded/stack.ts';
import { Terminal } from '#scripts/setup/progress.ts';
import { ensureWebBuild, WEB_DIST } from '#scripts/setup/web-build.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { TelephonyClient } from '#support/clients/telephony-client.ts';
import { type RecorderProcess, startRecorder } from '#support/recorder-process.ts';
import { type Beeps, type Sending, sendTone } from '#support/rtp-sender.ts';
import { seedCompany } from '#support/seed.ts';
import { type ServerProcess, startServer, testTelephonyKey } from '#support/server-process.ts';
import { freshStores } from '#support/stack.ts';

/** The whole product as processes, with the demo company in it and no slot, call or recording yet. */
export interface House {
  readonly url: string;
  readonly stores: StackEnv;
  readonly server: ServerProcess;
  readonly recorder: RecorderProcess;
  readonly telephony: TelephonyClient;
  readonly host: PersonClient;
  /** Plans a slot that is running already. Resolves to its id. */
  planRunningSlot(lineId: string): Promise<string>;
  /** Opens a PCMU call and speaks on it: a tone for the agent, another for the customer. */
  call(options: CallOptions): Promise<TonesOnCall>;
  stop(): Promise<void>;
}

export interface CallOptions {
  readonly lineId: string;
  readonly seconds: number;
  /** Hz; 440 and 880 unless told. */
  readonly agentHz?: number;
  readonly customerHz?: number;
  readonly facts?: Parameters<TelephonyClient['open']>[0]['facts'];
  /** Both beep in place of a steady tone. */
  readonly beeps?: Beeps;
}

export interface TonesOnCall {
  readonly callId: string;
  /** When all that was to be said is said. */
  readonly done: Promise<unknown>;
  /** Hangs up. */
  end(): Promise<void>;
}

/** Builds the web app if it is not up to date, then starts everything on stores of its own. */
export async function raiseHouse(env: NodeJS.ProcessEnv = {}): Promise<House> {
  const webRoot = process.env.WEB_ROOT ?? WEB_DIST;
  if (process.env.WEB_ROOT === undefined) await ensureWebBuild(new Terminal(process.stderr));
  const stores = await freshStores();
  await seedCompany(stores.MONGODB_URL);
  const spoolDir = await mkdtemp(join(tmpdir(), 'cloud-listening-spool-'));
  const [server, recorder] = await Promise.all([
    startServer(stores, { WEB_ROOT: webRoot, ...env }),
    startRecorder(stores, spoolDir),
  ]);
  const telephony = new TelephonyClient(server.url, testTelephonyKey);
  const host = await PersonClient.signIn(server.url, 'host');
  const sendings: Sending[] = [];
  return {
    url: server.url,
    stores,
    server,
    recorder,
    telephony,
    host,
    async planRunningSlot(lineId) {
      const startsAt = Math.floor(Date.now() / 300_000) * 300_000;
      return (await host.seats.plan({ lineId, startsAt, endsAt: startsAt + 3_600_000, seats: 5 })).id;
    },
    async call({ lineId, seconds, agentHz = 440, customerHz = 880, facts, beeps }) {
      const { callId, legs } = await telephony.open({ lineId, agentId: 'agent-1', ...(facts && { facts }) });
      const startAt = Date.now() + 50;
      const spoken = legs.map((leg) =>
        sendTone({
          to: leg,
          hz: leg.role === 'agent' ? agentHz : customerHz,
          seconds,
          startAt,
          ...(beeps && { beeps }),
        }),
      );
      sendings.push(...spoken);
      return {
        callId,
        done: Promise.all(spoken.map((sending) => sending.done)),
        async end() {
          await Promise.all(spoken.map((sending) => sending.stop()));
          await telephony.end(callId);
        },
      };
    },
    async stop() {
      await Promise.all(sendings.map((sending) => sending.stop()));
      await Promise.all([server.stop(), recorder.stop()]);
      await rm(spoolDir, { recursive: true, force: true });
    },
  };
}
