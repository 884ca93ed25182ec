import { stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ConfigError, storesConfig } from '#kernel/config.ts';
import { createObjectStore } from '#kernel/s3.ts';
import { bucketSource, folderSource } from '#worker/archive/verify/archive-source.ts';
import { readDatabaseDump } from '#worker/archive/verify/database-dump.ts';
import type { Finding } from '#worker/archive/verify/findings.ts';
import { readTrustedKeys } from '#worker/archive/verify/trusted-keys.ts';
import { type Verified, verifyArchive } from '#worker/archive/verify/verify-archive.ts';

const usage = `npm run verify-archive -- [FOLDER] [--keys PATH] [--prefix PREFIX] [--database FILE] [--json]

Reads an archive, byte by byte, and says what is missing or altered: one line each, then a summary.
  FOLDER            a copy of the bucket on this machine; without it the bucket of S3_BUCKET, S3_ENDPOINT, ...
  --keys PATH       the public keys that are trusted: a .pem file, or a folder of them, kept apart from the archive.
                    Without it the keys beside the archive are taken, which whoever can write there could exchange.
  --prefix PREFIX   only what lies below it, such as recordings/2026/03/
  --database FILE   the recordings that there ought to be: mongoexport --collection=recordings
  --json            the result as one JSON object
Ends with 0 when nothing was found, 1 when something was, 2 when it could not look.`;

/** `npm run verify-archive`: whether an archive is what was once signed. */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      keys: { type: 'string' },
      prefix: { type: 'string' },
      database: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || positionals.length > 1) {
    process.stdout.write(`${usage}\n`);
    return values.help ? 0 : 2;
  }
  const [folder] = positionals;
  const store = folder === undefined ? createObjectStore(storesConfig(archiveEnvironment())) : undefined;
  try {
    if (folder !== undefined && !(await stat(folder)).isDirectory())
      throw new Error(`${folder} is no folder`);
    const result = await verifyArchive({
      source: store ? bucketSource(store) : folderSource(folder as string),
      ...(values.keys === undefined ? {} : { trusted: await readTrustedKeys(values.keys) }),
      ...(values.prefix === undefined ? {} : { prefix: values.prefix }),
      ...(values.database === undefined ? {} : { database: readDatabaseDump(values.database) }),
      ...(values.json ? {} : { onFinding: (finding) => process.stdout.write(`${lineOf(finding)}\n`) }),
    });
    process.stdout.write(values.json ? `${JSON.stringify(result, null, 1)}\n` : summaryOf(result));
    return result.findings.length > 0 ? 1 : 0;
  } finally {
    store?.close();
  }
}

/** Only the bucket is looked at: the other stores need not be named. */
const archiveEnvironment = (): NodeJS.ProcessEnv => ({ REDIS_URL: 'redis://none.invalid', ...process.env });

const lineOf = ({ kind, key, detail }: Finding): string => `${kind.padEnd(19)} ${key}: ${detail}`;

function summaryOf(result: Verified): string {
  const { recordings, deleted, documents, objects, bytes, keys, keysWereGiven, rows, findings } = result;
  const lines = [
    `${recordings} recordings (${deleted} deleted), ${objects} objects, ${bytes} bytes, ${documents} signed documents`,
    `keys: ${keys.join(', ') || 'none'} ${keysWereGiven ? '(given)' : '(from beside the archive: give --keys to trust none but yours)'}`,
    ...(rows === null ? [] : [`database: ${rows} recordings compared`]),
    findings.length === 0 ? 'nothing is missing, nothing is altered' : `${findings.length} findings`,
  ];
  return `${lines.join('\n')}\n`;
}

try {
  // Not process.exit, which would cut off what is still on its way into a pipe.
  process.exitCode = await main();
} catch (error) {
  const told =
    error instanceof ConfigError
      ? error.message
      : `the archive cannot be checked: ${(error as Error).message}`;
  process.stderr.write(`${told}\n`);
  process.exitCode = 2;
}
