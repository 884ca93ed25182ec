import { compare, rank } from './compare.ts';
import { CommandError } from './errors.ts';
import { compileFilter } from './filter.ts';
import type { Matcher } from './filter-operators.ts';
import { indexKeys } from './index-keys.ts';
import { OrderedList } from './ordered-list.ts';
import { someAt } from './paths.ts';
import { type Doc, show } from './values.ts';

/** One stored document. `seq` grows with every insertion and gives the natural order. */
export interface StoredRecord {
  doc: Doc;
  readonly seq: number;
}

export interface IndexSpec extends Doc {
  v: number;
  key: Doc;
  name: string;
  unique?: boolean;
  sparse?: boolean;
  partialFilterExpression?: Doc;
  /** Seconds after the indexed date at which a document expires. */
  expireAfterSeconds?: unknown;
}

interface Entry {
  key: unknown[];
  record: StoredRecord;
}

/** Values that a lookup wants: equality on the first fields, then perhaps a range on the next one (inclusive). */
export interface Bounds {
  prefix: unknown[];
  from?: unknown;
  to?: unknown;
}

export class RecordIndex {
  readonly spec: IndexSpec;
  readonly paths: string[];
  /** True once a document has had several keys (arrays): bounds can then be combined no longer. */
  multikey = false;
  readonly #entries = new OrderedList<Entry>(compareEntries);
  readonly #includes: Matcher;

  constructor(spec: IndexSpec) {
    this.spec = spec;
    this.paths = Object.keys(spec.key);
    const parts = this.paths.map((path) => path.split('.'));
    const partial = compileFilter(spec.partialFilterExpression ?? {});
    const present = (value: unknown) => value !== undefined;
    this.#includes = (doc) =>
      partial(doc) && (spec.sparse !== true || parts.some((path) => someAt(doc, path, present, false)));
  }

  #keysOf(doc: Doc): unknown[][] {
    return this.#includes(doc) ? indexKeys(doc, this.paths) : [];
  }

  /** Throws E11000 if another record holds one of the document's keys and the index is unique. */
  check(namespace: string, doc: Doc, self?: StoredRecord): void {
    const keys = this.#keysOf(doc);
    if (this.spec.unique !== true) return;
    for (const key of keys) {
      for (const { record } of this.#scan({ prefix: key })) {
        if (record !== self) throw duplicateKey(namespace, this.spec, key);
      }
    }
  }

  add(record: StoredRecord): void {
    const keys = this.#keysOf(record.doc);
    if (keys.length > 1) this.multikey = true;
    for (const key of keys) this.#entries.insert({ key, record });
  }

  remove(record: StoredRecord): void {
    for (const key of this.#keysOf(record.doc)) this.#entries.remove({ key, record });
  }

  /** Builds the index over existing records; throws E11000 if they break its uniqueness. */
  build(namespace: string, records: Iterable<StoredRecord>): void {
    const entries: Entry[] = [];
    for (const record of records) {
      const keys = this.#keysOf(record.doc);
      if (keys.length > 1) this.multikey = true;
      for (const key of keys) entries.push({ key, record });
    }
    this.#entries.load(entries);
    if (this.spec.unique !== true) return;
    let previous: Entry | undefined;
    for (const entry of this.#entries.from(() => false)) {
      if (previous !== undefined && compareKeys(previous.key, entry.key) === 0) {
        throw duplicateKey(namespace, this.spec, entry.key);
      }
      previous = entry;
    }
  }

  *records(bounds: Bounds): Generator<StoredRecord> {
    for (const entry of this.#scan(bounds)) yield entry.record;
  }

  *#scan({ prefix, from, to }: Bounds): Generator<Entry> {
    const next = prefix.length;
    const before = ({ key }: Entry) => {
      const order = compareKeys(key, prefix, next);
      return order < 0 || (order === 0 && from !== undefined && compare(key[next], from) < 0);
    };
    const type = from === undefined ? undefined : rank(from);
    for (const entry of this.#entries.from(before)) {
      if (compareKeys(entry.key, prefix, next) !== 0) return;
      if (to !== undefined && compare(entry.key[next], to) > 0) return;
      if (type !== undefined && rank(entry.key[next]) !== type) return;
      yield entry;
    }
  }
}

function compareKeys(a: unknown[], b: unknown[], length = a.length): number {
  for (let i = 0; i < length; i++) {
    const order = compare(a[i], b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareEntries(a: Entry, b: Entry): number {
  return compareKeys(a.key, b.key) || a.record.seq - b.record.seq;
}

export function duplicateKey(
  namespace: string,
  { key: keyPattern, name }: IndexSpec,
  key: unknown[],
): CommandError {
  const keyValue = Object.fromEntries(Object.keys(keyPattern).map((path, i) => [path, key[i] ?? null]));
  const text = `E11000 duplicate key error collection: ${namespace} index: ${name} dup key: ${show(keyValue)}`;
  return new CommandError(11000, text, { keyPattern, keyValue });
}
