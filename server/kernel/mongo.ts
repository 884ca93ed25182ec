import mongoose from 'mongoose';
import type { Log } from './log.ts';

export type MongoConnection = mongoose.Connection;

/**
 * One connection for the whole process; stores make their models on it.
 * Writes wait for a majority and its journal, because what was acknowledged to a client must survive a failover.
 * A server that cannot be reached is told after 5 s, as an error that `isMongoOutage` recognises.
 */
export async function connectMongo(url: string, log: Log): Promise<MongoConnection> {
  const connection = mongoose.createConnection(url, {
    serverSelectionTimeoutMS: 5_000,
    // The driver has one look at the server at a time. One that gets no answer, as from a server that goes down just then,
    // would keep it from seeing for half a minute that the server is back.
    connectTimeoutMS: 5_000,
    // A query is answered or refused in this time: a door never hangs on its store.
    socketTimeoutMS: 15_000,
    writeConcern: { w: 'majority', journal: true },
    // Stores build their indexes at start, where a failure stops the process, and never in passing.
    autoIndex: false,
    autoCreate: false,
    bufferCommands: false,
    maxPoolSize: 50,
  });
  connection.on('error', (error) => log.error({ err: error }, 'mongodb connection failed'));
  let closing = false;
  connection.on('disconnecting', () => {
    closing = true;
  });
  connection.on('disconnected', () => {
    if (!closing) log.warn('mongodb disconnected');
  });
  connection.on('reconnected', () => log.info('mongodb reconnected'));
  await connection.asPromise();
  return connection;
}

/** Answers when the server does; throws when it does not within 2 s. */
export async function pingMongo(connection: MongoConnection): Promise<void> {
  if (!connection.db) throw new Error('not connected');
  await connection.db.admin().command({ ping: 1 }, { timeoutMS: 2_000 });
}

const outageNames = new Set([
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoServerSelectionError',
  'MongooseServerSelectionError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoExpiredSessionError',
  'MongoClientClosedError',
  'MongoPoolClosedError',
  'MongoPoolClearedError',
  'MongoWaitQueueTimeoutError',
  'MongoOperationTimeoutError',
  'DisconnectedError',
]);

/** True when the database could not be reached, as opposed to having refused something. */
export function isMongoOutage(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return (
    outageNames.has(thrown.name) ||
    // mongoose itself, before the first connection or after close, with bufferCommands off.
    (thrown.name === 'MongooseError' && thrown.message.includes('initial connection'))
  );
}

/**
 * The fields of the unique index that refused a write (error 11000), or null for any other error.
 * The names come from the server's `keyPattern`.
 */
export function duplicateKeyFields(thrown: unknown): string[] | null {
  if (!(thrown instanceof Error) || (thrown as { code?: unknown }).code !== 11_000) return null;
  const pattern = (thrown as { keyPattern?: Record<string, unknown> }).keyPattern;
  return pattern ? Object.keys(pattern) : [];
}
