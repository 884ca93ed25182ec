import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endsWithParent } from '#scripts/embedded/redis.ts';
import { ManagedProcess } from '#scripts/processes.ts';
import { findOnPath } from '#scripts/setup/run.ts';

/** The one that there is. */
export const mountpoint = 1;

export interface Janus {
  readonly url: string;
  readonly pid: number;
  /** Where the two legs are sent as RTP (PCMU). */
  readonly ports: readonly [number, number];
  stop(): Promise<void>;
}

export interface JanusOptions {
  readonly address: string;
  readonly httpPort: number;
  readonly ports: readonly [number, number];
  /** Media ports, first and last. */
  readonly range: readonly [number, number];
  /** Threads that all listeners share; 0: two threads a listener, which is Janus's default. */
  readonly eventLoops: number;
}

/** Debian's Janus with nothing but its streaming plugin, and one mountpoint of two audio streams: the two legs of a call. */
export async function startJanus(options: JanusOptions): Promise<Janus> {
  const command = await findOnPath('janus');
  if (command === undefined) throw new Error('there is no janus on PATH: apt-get install janus');
  const folder = await mkdtemp(join(tmpdir(), 'janus-'));
  const config = join(folder, 'config');
  await mkdir(config);
  const { address, httpPort, ports, range, eventLoops } = options;
  const main = `general: {
  configs_folder = "${config}"
  plugins_folder = "/usr/lib/x86_64-linux-gnu/janus/plugins"
  transports_folder = "/usr/lib/x86_64-linux-gnu/janus/transports"
  debug_level = 2
  session_timeout = 0
  ${eventLoops > 0 ? `event_loops = ${eventLoops}` : ''}
}
media: { rtp_port_range = "${range[0]}-${range[1]}" }
nat: { ice_enforce_list = "${address}" }
plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,libjanus_voicemail.so" }
transports: { disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so" }
`;
  const http = `general: { json = "compact" http = true port = ${httpPort} ip = "${address}" https = false }
admin: { admin_http = false }
`;
  const stream = (mid: string, port: number) =>
    `{ type = "audio" mid = "${mid}" port = ${port} pt = 0 codec = "pcmu" }`;
  const streaming = `call: {
  type = "rtp"
  id = ${mountpoint}
  media = ( ${stream('a', ports[0])}, ${stream('c', ports[1])} )
}
`;
  await writeFile(join(config, 'janus.jcfg'), main);
  await writeFile(join(config, 'janus.transport.http.jcfg'), http);
  await writeFile(join(config, 'janus.plugin.streaming.jcfg'), streaming);
  const url = `http://${address}:${httpPort}/janus`;
  let pid: number | undefined;
  const janus = new ManagedProcess<true>({
    name: 'janus',
    // A bench that is killed leaves none behind.
    ...(await endsWithParent(command, ['-F', config, '-C', join(config, 'janus.jcfg')], process.env)),
    env: { PATH: process.env.PATH },
    onPid: (id) => {
      pid = id;
    },
    ready: {
      probe: async () => {
        await fetch(`${url}/info`);
        return true;
      },
    },
  });
  await janus.start();
  return {
    url,
    pid: pid!,
    ports,
    stop: async () => {
      await janus.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
