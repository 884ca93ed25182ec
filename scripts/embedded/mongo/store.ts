import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UUID } from 'bson';
import { type Change, Collection } from './collection.ts';
import { fail } from './errors.ts';
import { Journal, readJournal, rewriteJournal } from './journal.ts';
import { type Doc, decode, encode } from './values.ts';

const SUFFIX = '.journal';

/** The collections of one database and their journal. */
export class Database {
  readonly name: string;
  readonly collections = new Map<string, Collection>();
  readonly #journal: Journal;

  private constructor(name: string, journal: Journal) {
    this.name = name;
    this.#journal = journal;
  }

  /** Reads the database's journal, rewrites it without its history, and opens it for appending. */
  static async open(name: string, file: string, onFailure: (error: Error) => void): Promise<Database> {
    const changes = readJournal(file, (bytes) => {
      process.stderr.write(`${file}: cut ${bytes} bytes of an unfinished write off the end\n`);
    });
    const collections = new Map<string, Collection>();
    let journal: Journal | undefined;
    const log = (bytes: Uint8Array) => journal!.append(bytes);
    for (const bytes of changes) {
      const change = decode(bytes) as Change;
      if (change.k === 'create') {
        collections.set(change.c, new Collection(name, change.c, change.o, change.u, log));
      } else if (change.k === 'drop') collections.delete(change.c);
      else collections.get(change.c)?.load(change);
    }
    for (const collection of collections.values()) collection.finishLoading();
    const content = [...collections.values()].flatMap((collection) => [...collection.content()]);
    if (content.length < changes.length)
      rewriteJournal(
        file,
        content.map((change) => encode(change)),
      );
    journal = await Journal.open(file, onFailure);
    const database = new Database(name, journal);
    for (const [key, collection] of collections) database.collections.set(key, collection);
    return database;
  }

  create(name: string, options: Doc = {}): Collection {
    checkCollectionName(this.name, name);
    const log = (bytes: Uint8Array) => this.#journal.append(bytes);
    const collection = new Collection(this.name, name, options, new UUID(), log);
    log(encode({ k: 'create', c: name, o: options, u: collection.uuid } satisfies Change));
    this.collections.set(name, collection);
    return collection;
  }

  drop(name: string): void {
    this.#journal.append(encode({ k: 'drop', c: name } satisfies Change));
    this.collections.delete(name);
  }

  flushed(): Promise<void> {
    return this.#journal.flushed();
  }

  close(): Promise<void> {
    return this.#journal.close();
  }
}

function checkCollectionName(database: string, name: string): void {
  if (
    name === '' ||
    name.includes('$') ||
    name.includes('\0') ||
    name.startsWith('.') ||
    name.startsWith('system.')
  ) {
    fail(73, `Invalid namespace specified '${database}.${name}'`);
  }
}

function checkDatabaseName(name: string): void {
  if (name === '' || name.length > 63 || /[\s/\\."$\0]/.test(name))
    fail(73, `Invalid database name: '${name}'`);
}

/** All databases under one folder. One process only: a lock file with its pid keeps others out. */
export class Store {
  readonly databases = new Map<string, Database>();
  readonly #folder: string;
  readonly #onFailure: (error: Error) => void;
  readonly #opening = new Map<string, Promise<Database>>();

  private constructor(folder: string, onFailure: (error: Error) => void) {
    this.#folder = folder;
    this.#onFailure = onFailure;
  }

  static async open(folder: string, onFailure: (error: Error) => void): Promise<Store> {
    mkdirSync(folder, { recursive: true });
    lock(join(folder, 'lock'));
    const store = new Store(folder, onFailure);
    for (const file of readdirSync(folder)) {
      if (file.endsWith(SUFFIX)) await store.database(decodeURIComponent(file.slice(0, -SUFFIX.length)));
    }
    return store;
  }

  /** The database of that name; it has a file from its first use on. */
  async database(name: string): Promise<Database> {
    const known = this.databases.get(name);
    if (known !== undefined) return known;
    checkDatabaseName(name);
    const opening =
      this.#opening.get(name) ??
      Database.open(name, join(this.#folder, encodeURIComponent(name) + SUFFIX), this.#onFailure);
    this.#opening.set(name, opening);
    const database = await opening;
    this.databases.set(name, database);
    return database;
  }

  async close(): Promise<void> {
    for (const database of this.databases.values()) await database.close();
    rmSync(join(this.#folder, 'lock'), { force: true });
  }
}

function lock(file: string): void {
  try {
    writeFileSync(file, processIdentity(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = readFileSync(file, 'utf8');
    const pid = Number.parseInt(holder, 10);
    if (processIdentity(pid) === holder) throw new Error(`data folder in use by process ${pid} (${file})`);
    rmSync(file);
    lock(file);
  }
}

/** Pid and start time of a process, as a pid alone may belong to another after a crash; only the pid if it is gone. */
function processIdentity(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return `${pid} ${fields[19]}`;
  } catch {
    return `${pid}`;
  }
}
