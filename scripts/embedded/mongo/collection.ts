import { ObjectId, type UUID } from 'bson';
import { hashKey } from './compare.ts';
import { fail } from './errors.ts';
import type { Variables } from './expression-parts.ts';
import type { Matcher } from './filter-operators.ts';
import { candidates } from './planner.ts';
import { type IndexSpec, RecordIndex, type StoredRecord } from './record-index.ts';
import { type Doc, encode, isDoc, typeName } from './values.ts';

const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** What is written to the journal; `c` is the collection. */
export type Change =
  | { k: 'create'; c: string; o: Doc; u: UUID }
  | { k: 'drop'; c: string }
  | { k: 'put'; c: string; d: Doc }
  | { k: 'del'; c: string; i: unknown }
  | { k: 'index'; c: string; s: IndexSpec }
  | { k: 'unindex'; c: string; n: string };

/** Takes a change down for the journal; called with the bytes it will be written as. */
export type Log = (bytes: Uint8Array) => void;

/** The documents of one collection and its indexes, in memory; every change is logged before it is applied. */
export class Collection {
  readonly name: string;
  readonly namespace: string;
  readonly options: Doc;
  readonly uuid: UUID;
  readonly indexes = new Map<string, RecordIndex>();
  readonly #records = new Map<string, StoredRecord>();
  readonly #log: Log;
  #seq = 0;

  constructor(database: string, name: string, options: Doc, uuid: UUID, log: Log) {
    this.name = name;
    this.namespace = `${database}.${name}`;
    this.options = options;
    this.uuid = uuid;
    this.#log = log;
    const idIndex = new RecordIndex({ v: 2, key: { _id: 1 }, name: '_id_', unique: true });
    this.indexes.set('_id_', idIndex);
  }

  get size(): number {
    return this.#records.size;
  }

  records(): IterableIterator<StoredRecord> {
    return this.#records.values();
  }

  /** Records that pass, in natural order, at most `most`; looked up in an index where one serves. */
  matching(
    filter: Doc,
    matches: Matcher,
    variables: Variables = {},
    most = Number.POSITIVE_INFINITY,
  ): StoredRecord[] {
    const found: StoredRecord[] = [];
    const records = candidates(filter, [...this.indexes.values()], variables) ?? this.#records.values();
    for (const record of records) {
      if (matches(record.doc)) found.push(record);
      if (found.length >= most) break;
    }
    return found;
  }

  /** Inserts a document, `_id` first, giving it one if it has none. Throws E11000, BadValue. */
  insert(given: Doc): StoredRecord {
    const doc = '_id' in given && Object.keys(given)[0] === '_id' ? given : { _id: new ObjectId(), ...given };
    const type = typeName(doc._id);
    if (['array', 'regex', 'missing'].includes(type)) {
      fail(2, `The '_id' value cannot be of type ${type === 'missing' ? 'undefined' : type}`);
    }
    const dollar = isDoc(doc._id) ? Object.keys(doc._id).find((key) => key.startsWith('$')) : undefined;
    if (dollar !== undefined) {
      fail(52, `_id fields may not contain '$'-prefixed fields: ${dollar} is not valid for storage.`);
    }
    return this.#store(doc, 10334, undefined);
  }

  replace(record: StoredRecord, doc: Doc): void {
    this.#store(doc, 17419, record);
  }

  #store(doc: Doc, tooLargeCode: number, old: StoredRecord | undefined): StoredRecord {
    const bytes = encode({ k: 'put', c: this.name, d: doc } satisfies Change);
    if (bytes.length > MAX_DOCUMENT_BYTES + 64) {
      fail(
        tooLargeCode,
        `object to insert too large. size in bytes: ${bytes.length}, max size: ${MAX_DOCUMENT_BYTES}`,
      );
    }
    for (const index of this.indexes.values()) index.check(this.namespace, doc, old);
    this.#log(bytes);
    if (old !== undefined) {
      for (const index of this.indexes.values()) index.remove(old);
      old.doc = doc;
    }
    const record = old ?? { doc, seq: ++this.#seq };
    for (const index of this.indexes.values()) index.add(record);
    if (old === undefined) this.#records.set(hashKey(doc._id), record);
    return record;
  }

  remove(record: StoredRecord): void {
    this.#log(encode({ k: 'del', c: this.name, i: record.doc._id } satisfies Change));
    for (const index of this.indexes.values()) index.remove(record);
    this.#records.delete(hashKey(record.doc._id));
  }

  addIndex(spec: IndexSpec): void {
    const index = new RecordIndex(spec);
    index.build(this.namespace, this.#records.values());
    this.#log(encode({ k: 'index', c: this.name, s: spec } satisfies Change));
    this.indexes.set(spec.name, index);
  }

  dropIndex(name: string): void {
    this.#log(encode({ k: 'unindex', c: this.name, n: name } satisfies Change));
    this.indexes.delete(name);
  }

  /** Replays a change from the journal; indexes are built by `finishLoading`, at once and so faster. */
  load(change: Change): void {
    if (change.k === 'put') {
      const key = hashKey(change.d._id);
      const record = this.#records.get(key);
      if (record === undefined) this.#records.set(key, { doc: change.d, seq: ++this.#seq });
      else record.doc = change.d;
    } else if (change.k === 'del') this.#records.delete(hashKey(change.i));
    else if (change.k === 'index') this.indexes.set(change.s.name, new RecordIndex(change.s));
    else if (change.k === 'unindex') this.indexes.delete(change.n);
  }

  finishLoading(): void {
    for (const index of this.indexes.values()) index.build(this.namespace, this.#records.values());
  }

  /** The changes that lead from nothing to the present content: what compaction writes. */
  *content(): Generator<Change> {
    yield { k: 'create', c: this.name, o: this.options, u: this.uuid };
    for (const { spec } of this.indexes.values()) {
      if (spec.name !== '_id_') yield { k: 'index', c: this.name, s: spec };
    }
    for (const { doc } of this.#records.values()) yield { k: 'put', c: this.name, d: doc };
  }
}
