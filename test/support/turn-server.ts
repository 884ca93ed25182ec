import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ManagedProcess } from '#scripts/processes.ts';
import { findOnPath } from '#scripts/setup/run.ts';
import { type SelfSigned, selfSigned } from './self-signed.ts';

const configuration = fileURLToPath(import.meta.resolve('../../deploy/coturn/turnserver.conf'));
/** The media of the tests is on this machine; elsewhere the configuration keeps the relay out of such networks. */
const notHere = /^(denied-peer-ip=(127|::1)|listening-port|tls-listening-port|(min|max)-port)/;

export interface TurnServer {
  readonly secret: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly identity: SelfSigned;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when somebody listens there. */
function reached(port: number): Promise<true> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', reject);
  });
}

/** A real coturn with the configuration of `deploy/coturn`, but for its ports and for whom it may reach. */
export async function startTurnServer(): Promise<TurnServer> {
  const command = await findOnPath('turnserver');
  if (command === undefined) throw new Error('there is no turnserver on PATH: npm test provides it');
  const folder = await mkdtemp(join(tmpdir(), 'turn-'));
  const identity = selfSigned();
  const [port, tlsPort] = [await freePort(), await freePort()];
  const secret = 'a secret that only tests share';
  const lines = (await readFile(configuration, 'utf8')).split('\n').filter((line) => !notHere.test(line));
  lines.push(`listening-port=${port}`, `tls-listening-port=${tlsPort}`, 'min-port=30000', 'max-port=32700');
  lines.push('listening-ip=127.0.0.1', 'relay-ip=127.0.0.1', 'allow-loopback-peers', 'realm=127.0.0.1');
  lines.push(
    `static-auth-secret=${secret}`,
    `cert=${join(folder, 'cert.pem')}`,
    `pkey=${join(folder, 'key.pem')}`,
  );
  lines.push(`pidfile=${join(folder, 'pid')}`, `userdb=${join(folder, 'db')}`);
  await writeFile(join(folder, 'cert.pem'), identity.certificate);
  await writeFile(join(folder, 'key.pem'), identity.key, { mode: 0o600 });
  await writeFile(join(folder, 'turnserver.conf'), lines.join('\n'));
  const server = new ManagedProcess<true>({
    name: 'turnserver',
    command,
    args: ['-c', join(folder, 'turnserver.conf')],
    env: { PATH: process.env.PATH },
    ready: { probe: () => reached(tlsPort) },
  });
  await server.start();
  return {
    secret,
    port,
    tlsPort,
    identity,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
