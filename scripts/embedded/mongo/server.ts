import { createServer, type Server, type Socket } from 'node:net';
import { CATALOG_COMMANDS } from './commands/catalog-commands.ts';
import { type Command, checkCommand } from './commands/command.ts';
import { READ_COMMANDS } from './commands/read-commands.ts';
import { SESSION_COMMANDS } from './commands/session-commands.ts';
import { WRITE_COMMANDS } from './commands/write-commands.ts';
import { Cursors } from './cursors.ts';
import { CommandError, fail } from './errors.ts';
import { expireDocuments } from './expiry.ts';
import { Store } from './store.ts';
import type { Doc } from './values.ts';
import { composeReply, MessageReader, parseMessage, type Request } from './wire.ts';

const COMMANDS: Record<string, Command> = {
  ...SESSION_COMMANDS,
  ...READ_COMMANDS,
  ...WRITE_COMMANDS,
  ...CATALOG_COMMANDS,
};

const SWEEP_MS = 1000;

export interface DocumentServerOptions {
  /** Folder of the journals; made if it is not there. One server at a time. */
  dataDir: string;
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  port: number;
  /** Name of the database in the URL. */
  database?: string;
  /** Told when the journal cannot be written: what follows is not durable, so the process should end. */
  onFailure?: (error: Error) => void;
}

export interface DocumentServer {
  /** `mongodb://127.0.0.1:PORT/NAME?directConnection=true` */
  url: string;
  port: number;
  /** Closes the connections, writes what is under way to disk, and closes the files. */
  stop(): Promise<void>;
}

/** Starts a document server that speaks MongoDB's wire protocol. See README.md for what it answers. */
export async function startDocumentServer(options: DocumentServerOptions): Promise<DocumentServer> {
  const onFailure = options.onFailure ?? ((error) => process.stderr.write(`journal: ${error.message}\n`));
  const store = await Store.open(options.dataDir, onFailure);
  const cursors = new Cursors();
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket, (request) => answer(request, store, cursors, connectionId));
    const connectionId = ++connections;
  });
  const port = await listen(server, options.port);
  const sweep = setInterval(() => {
    cursors.closeIdle(Date.now());
    expireDocuments(store, Date.now());
  }, SWEEP_MS);
  const stop = async () => {
    clearInterval(sweep);
    const closed = new Promise((resolve) => server.close(resolve));
    // By a reset, which the official driver hears of at once. After an orderly end there is a moment in which it may still
    // write to the connection over which it watches the server, and then waits for good: it never sees it come back.
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
    await store.close();
  };
  const name = options.database ?? 'cloud-listening';
  return { url: `mongodb://127.0.0.1:${port}/${name}?directConnection=true`, port, stop };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}

/** Reads requests off a connection and answers them one after the other. */
function serve(socket: Socket, reply: (request: Request) => Promise<Doc>): void {
  const reader = new MessageReader();
  let previous = Promise.resolve();
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    try {
      for (const message of reader.push(chunk)) {
        const request = parseMessage(message);
        previous = previous.then(async () => {
          const doc = await reply(request);
          if (request.wantsReply && !socket.destroyed) socket.write(composeReply(request, doc));
        });
        previous.catch((error: Error) => socket.destroy(error));
      }
    } catch {
      // not this protocol, or broken beyond answering: MongoDB hangs up as well
      socket.destroy();
    }
  });
}

async function answer(
  { command }: Request,
  store: Store,
  cursors: Cursors,
  connectionId: number,
): Promise<Doc> {
  try {
    const name = Object.keys(command)[0] ?? '';
    const known = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (known === undefined) fail(59, `no such command: '${name}'`);
    checkCommand(command, name, known.fields);
    const db = String(command.$db ?? 'admin');
    if (known.writes !== true) return known.run({ name, command, db, store, cursors, connectionId });
    const database = await store.database(db);
    try {
      return known.run({ name, command, db, store, cursors, connectionId });
    } finally {
      await database.flushed();
    }
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): Doc {
  if (error instanceof CommandError) {
    return { ok: 0, errmsg: error.message, code: error.code, codeName: error.codeName, ...error.extra };
  }
  process.stderr.write(`document server: ${(error as Error).stack}\n`);
  return { ok: 0, errmsg: (error as Error).message, code: 1, codeName: 'InternalError' };
}
