import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Collection, type Db, type Document, MongoClient, MongoServerError } from 'mongodb';
import { type DocumentServer, startDocumentServer } from '#scripts/embedded/mongo/server.ts';

/** What the suite runs against: our server, the DocumentDB engine behind its gateway, or MongoDB itself. */
export type Kind = 'embedded' | 'documentdb' | 'mongodb';

export interface Row extends Document {
  _id: string | number;
}

export interface Target {
  url: string;
  kind: Kind;
  client: MongoClient;
  db: Db;
  /** A new collection holding these documents. */
  collection(docs?: Document[]): Promise<Collection<Row>>;
}

/**
 * Starts the embedded server for a suite, or connects to `CONFORMANCE_MONGODB_URL`; gives the suite a database of its
 * own, which is dropped afterwards. Call at the top of a `describe`; the target is there once its hooks have run.
 */
export function useTarget(): Target {
  const target = {} as Target;
  let folder: string | undefined;
  let server: DocumentServer | undefined;
  let collections = 0;

  before(async () => {
    let url = process.env.CONFORMANCE_MONGODB_URL;
    if (url === undefined) {
      folder = mkdtempSync(join(tmpdir(), 'embedded-mongo-'));
      server = await startDocumentServer({ dataDir: folder, port: 0 });
      url = server.url;
    }
    const client = await new MongoClient(url).connect();
    const { gitVersion } = await client.db('admin').command({ buildInfo: 1 });
    const kinds: Record<string, Kind> = { embedded: 'embedded', 'documentdb-gateway': 'documentdb' };
    const db = client.db(`conformance-${process.pid}-${Date.now()}`);
    const collection = async (docs: Document[] = []) => {
      const fresh = db.collection<Row>(`c${++collections}`);
      if (docs.length > 0) await fresh.insertMany(docs as Row[]);
      return fresh;
    };
    Object.assign(target, { url, kind: kinds[gitVersion] ?? 'mongodb', client, db, collection });
  });

  after(async () => {
    await target.db?.dropDatabase();
    await target.client?.close();
    await server?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  return target;
}

/** Skips the running test where the target is known to do otherwise than MongoDB; the reason is for the reader. */
export function skipOn(context: Mocha.Context, target: Target, kinds: Kind[], reason: string): void {
  if (!kinds.includes(target.kind)) return;
  context.test!.title += ` (not on ${target.kind}: ${reason})`;
  context.skip();
}

/** The error that the server answers with; fails if there is none. */
export async function refusal(work: Promise<unknown>): Promise<MongoServerError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof MongoServerError) return error;
    throw error;
  }
  throw new Error('expected the server to refuse, but it did not');
}

/** The gateway of the DocumentDB engine has no number for some of its errors and says 8000 instead. */
export const UNNUMBERED = 8000;
