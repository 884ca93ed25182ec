import { parseArgs } from 'node:util';
import { exitWithParent } from '#kernel/parent.ts';
import { startFaultControl } from './fault-control.ts';
import { startObjectServer } from './object-server.ts';

const usage =
  'usage: node main.ts --port N|0 --data DIR --bucket NAME --access-key K --secret-key S [--fault-port N|0]';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    data: { type: 'string' },
    bucket: { type: 'string' },
    'access-key': { type: 'string' },
    'secret-key': { type: 'string' },
    'fault-port': { type: 'string' },
  },
});

const { data: dataDir, bucket, 'access-key': accessKey, 'secret-key': secretKey } = values;
if (!dataDir || !bucket || !accessKey || !secretKey) {
  process.stderr.write(`${usage}\n`);
  process.exit(2);
}

exitWithParent();
const server = await startObjectServer({
  dataDir,
  bucket,
  accessKey,
  secretKey,
  port: portNumber(values.port),
});
const faultPort = values['fault-port'];
const control =
  faultPort === undefined ? undefined : await startFaultControl(server.faults, portNumber(faultPort));

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) process.exit(1);
    stopping = true;
    void stop();
  });
}
process.stdout.write(
  `${JSON.stringify({ ready: true, endpoint: server.endpoint, ...(control && { faultEndpoint: control.endpoint }) })}\n`,
);

async function stop(): Promise<void> {
  await control?.stop();
  await server.stop();
  // a planned delay may still be running
  process.exit(0);
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1;
  if (port < 0 || port > 65_535) {
    process.stderr.write(`${usage}\n`);
    process.exit(2);
  }
  return port;
}
