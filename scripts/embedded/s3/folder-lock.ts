import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';

/**
 * Keeps a second server off a data folder. The lock is an abstract unix socket (Linux): the kernel frees it when
 * the process ends, however it ends, so no stale lock can be left behind. Elsewhere there is no lock.
 */
export async function lockFolder(dataDir: string): Promise<() => Promise<void>> {
  if (process.platform !== 'linux') return async () => undefined;
  const name = createHash('sha256')
    .update(await realpath(dataDir))
    .digest('hex');
  const server: Server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE' ? new Error(`${dataDir} is in use by another object server`) : error,
      );
    });
    server.listen(`\0embedded-s3-${name}`, resolve);
  });
  return () => new Promise((resolve) => server.close(() => resolve()));
}
