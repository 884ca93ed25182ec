import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BlobStore } from './blob-store.ts';
import { checkBucketName } from './bucket-operations.ts';
import { Catalogue } from './catalogue.ts';
import { FaultPlan } from './faults.ts';
import { lockFolder } from './folder-lock.ts';
import { Journal } from './journal.ts';
import { handleRequest, type Store } from './request-handler.ts';

export interface ObjectServerOptions {
  /** made if it is not there; belongs to this server alone */
  dataDir: string;
  /** 0 for a free one */
  port: number;
  /** made if it is not there */
  bucket: string;
  accessKey: string;
  secretKey: string;
}

export interface ObjectServer {
  /** `http://127.0.0.1:PORT`; path-style addressing only */
  endpoint: string;
  faults: FaultPlan;
  /** Lets running requests end (5 s at most), then closes everything. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const drainMs = 5000;
/** A connection on which nothing moves for this long is closed. */
const idleMs = 60_000;

/**
 * Starts an S3 server on loopback over a folder.
 * @throws Error if the folder is in use, its journal damaged, the port taken or a name or key not usable
 */
export async function startObjectServer(options: ObjectServerOptions): Promise<ObjectServer> {
  const { dataDir, bucket, accessKey, secretKey } = options;
  checkBucketName(bucket);
  if (!/^[\w-]{3,128}$/.test(accessKey))
    throw new Error('the access key takes 3 to 128 letters, digits, _ or -');
  if (secretKey.length < 8) throw new Error('the secret key needs at least 8 characters');
  await mkdir(dataDir, { recursive: true });
  const unlock = await lockFolder(dataDir);
  const blobs = new BlobStore(dataDir);
  const catalogue = new Catalogue(new Journal(dataDir), blobs);
  try {
    await catalogue.open();
    if (!catalogue.hasBucket(bucket)) {
      await catalogue.commit(() => ({ change: 'create-bucket', bucket, atMs: Date.now() }));
    }
    const http = createListener((listening) =>
      listening ? http.listen(http.port()) : http.close({ drainMs: 0 }),
    );
    const store: Store = {
      catalogue,
      blobs,
      credentials: { accessKey, secretKey },
      faults: http.faults,
    };
    http.serve(store);
    await http.listen(options.port);
    return {
      endpoint: `http://${host}:${http.port()}`,
      faults: http.faults,
      stop: async () => {
        await http.close({ drainMs });
        await catalogue.close();
        await unlock();
      },
    };
  } catch (error) {
    await catalogue.close();
    await unlock();
    throw error;
  }
}

/** The HTTP side, which an outage can close and open again on the same port. */
function createListener(setListening: (listening: boolean) => Promise<void>) {
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 20_000, noDelay: true });
  server.timeout = idleMs;
  let port = 0;
  return {
    faults: new FaultPlan(setListening),
    port: () => port,
    serve: (store: Store) => {
      server.on('request', (req, res) => void handleRequest(store, req, res, false));
      server.on('checkContinue', (req, res) => void handleRequest(store, req, res, true));
    },
    listen: async (wanted: number) => {
      if (server.listening) return;
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(wanted, host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      port = (server.address() as AddressInfo).port;
    },
    close: async ({ drainMs }: { drainMs: number }) => {
      if (!server.listening) return;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if (drainMs === 0) server.closeAllConnections();
      // kept-alive connections become idle one by one, as their last answers go out
      const sweep = setInterval(() => server.closeIdleConnections(), 20);
      const deadline = setTimeout(() => server.closeAllConnections(), drainMs);
      await closed;
      clearInterval(sweep);
      clearTimeout(deadline);
    },
  };
}
