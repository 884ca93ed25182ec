import { randomBytes } from 'node:crypto';
import { calculateObjectSize, Long } from 'bson';
import { fail } from './errors.ts';
import { type Doc, show, toNumber, typeName } from './values.ts';

const FIRST_BATCH = 101;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const IDLE_MS = 10 * 60_000;

interface Cursor {
  namespace: string;
  docs: Doc[];
  at: number;
  usedAt: number;
}

/** Results that did not fit one answer. A cursor that nobody reads for ten minutes is closed. */
export class Cursors {
  readonly #cursors = new Map<string, Cursor>();

  /** The answer to `find`, `aggregate` and the `list…` commands; `single` closes the cursor after one batch. */
  firstBatch(namespace: string, docs: Doc[], batchSize: unknown, single = false): Doc {
    const cursor = { namespace, docs, at: 0, usedAt: Date.now() };
    const firstBatch = take(cursor, batchSize === undefined ? FIRST_BATCH : sizeOf(batchSize, 'batchSize'));
    const open = !single && cursor.at < docs.length;
    const id = open ? Long.fromBigInt(randomBytes(8).readBigUInt64LE() >> 1n) : Long.ZERO;
    if (open) this.#cursors.set(id.toString(), cursor);
    return { cursor: { firstBatch, id, ns: namespace }, ok: 1 };
  }

  nextBatch(id: unknown, namespace: string, batchSize: unknown): Doc {
    const cursor = this.#cursors.get(String(id));
    if (cursor === undefined) fail(43, `cursor id ${id} not found`);
    if (cursor.namespace !== namespace) {
      fail(
        13,
        `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`,
      );
    }
    const size = batchSize === undefined ? 0 : sizeOf(batchSize, 'batchSize');
    const nextBatch = take(cursor, size === 0 ? Number.POSITIVE_INFINITY : size);
    cursor.usedAt = Date.now();
    const open = cursor.at < cursor.docs.length;
    if (!open) this.#cursors.delete(String(id));
    return { cursor: { nextBatch, id: open ? id : Long.ZERO, ns: namespace }, ok: 1 };
  }

  kill(ids: unknown[]): Doc {
    const killed = ids.filter((id) => this.#cursors.delete(String(id)));
    const cursorsNotFound = ids.filter((id) => !killed.includes(id));
    return { cursorsKilled: killed, cursorsNotFound, cursorsAlive: [], cursorsUnknown: [], ok: 1 };
  }

  closeIdle(now: number): void {
    for (const [id, { usedAt }] of this.#cursors) if (now - usedAt > IDLE_MS) this.#cursors.delete(id);
  }
}

/** A non-negative whole number option, of whatever number type. */
export function sizeOf(value: unknown, name: string): number {
  const n = toNumber(value);
  if (n === undefined)
    fail(14, `BSON field '${name}' is the wrong type '${typeName(value)}', expected type 'long'`);
  if (n < 0) fail(51024, `BSON field '${name}' value must be >= 0, actual value '${show(value)}'`);
  return Math.trunc(n);
}

function take(cursor: Cursor, count: number): Doc[] {
  const batch: Doc[] = [];
  let bytes = 0;
  while (batch.length < count && cursor.at < cursor.docs.length) {
    const doc = cursor.docs[cursor.at]!;
    bytes += calculateObjectSize(doc);
    if (bytes > MAX_BATCH_BYTES && batch.length > 0) break;
    batch.push(doc);
    cursor.at++;
  }
  return batch;
}
