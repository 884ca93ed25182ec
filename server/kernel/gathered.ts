import DataLoader from 'dataloader';

/** So many keys go into one question; a crowd that is larger makes several. */
const togetherAtMost = 500;

/**
 * Questions that are asked in the same turn of the event loop become one: two hundred who come in at once cost the
 * store a handful of reads. Nothing is remembered, so every answer was read after it was asked for. `answer` gives an
 * answer per key, in order; an `Error` in its place rejects that key's question alone.
 */
export function gathered<K, V>(
  answer: (keys: readonly K[]) => Promise<readonly (V | Error)[]>,
): (key: K) => Promise<V> {
  const loader = new DataLoader<K, V>(async (keys) => [...(await answer(keys))], {
    cache: false,
    maxBatchSize: togetherAtMost,
    // Behind all messages that have arrived by now, not between two of them.
    batchScheduleFn: (ask) => void setImmediate(ask),
  });
  return (key) => loader.load(key);
}

/** The same for rows by their id: null for one that does not exist. */
export function gatheredById<V extends { readonly id: string }>(
  byIds: (ids: readonly string[]) => Promise<readonly V[]>,
): (id: string) => Promise<V | null> {
  return gathered(async (ids) => {
    const found = new Map((await byIds([...new Set(ids)])).map((row) => [row.id, row]));
    return ids.map((id) => found.get(id) ?? null);
  });
}
