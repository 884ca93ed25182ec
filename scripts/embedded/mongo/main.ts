import { parseArgs } from 'node:util';
import { exitWithParent } from '#kernel/parent.ts';
import { startDocumentServer } from './server.ts';

/** `node scripts/embedded/mongo/main.ts --port N|0 --data DIR` */
const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, data: { type: 'string' } },
});
const port = Number(values.port);
if (values.data === undefined || !Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write('usage: main.ts --port N|0 --data DIR\n');
  process.exit(64);
}

exitWithParent();

const server = await startDocumentServer({
  dataDir: values.data,
  port,
  onFailure: (error) => {
    process.stderr.write(`the journal cannot be written: ${error.message}\n`);
    process.exit(1);
  },
});

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) process.exit(1);
    stopping = true;
    server.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}

process.stdout.write(`${JSON.stringify({ ready: true, url: server.url })}\n`);
