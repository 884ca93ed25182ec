import type { RecordIndex, StoredRecord } from './record-index.ts';
import type { Store } from './store.ts';
import { toNumber } from './values.ts';

/** Deletes what TTL indexes say has expired at `now` (ms). MongoDB does so once a minute. */
export function expireDocuments(store: Store, now: number): void {
  for (const database of store.databases.values()) {
    for (const collection of database.collections.values()) {
      for (const index of collection.indexes.values()) {
        for (const record of expired(index, now)) collection.remove(record);
      }
    }
    void database.flushed();
  }
}

/** Records with a date in the index that lies too far back; of several dates the earliest counts. */
function expired(index: RecordIndex, now: number): Set<StoredRecord> {
  const seconds = toNumber(index.spec.expireAfterSeconds);
  if (seconds === undefined) return new Set();
  const bounds = { prefix: [], from: new Date(-8.64e15), to: new Date(now - seconds * 1000) };
  return new Set(index.records(bounds));
}
