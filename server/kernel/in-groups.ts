/** So many together are some five milliseconds of work. */
const groupOf = 16;

/**
 * Does something for each, a few at a time: enough for what they ask of the stores to be gathered (see `gathered`), too
 * few to keep the event loop from everything else. All are done whatever fails; then the first fault is thrown.
 */
export async function inGroups<T>(all: readonly T[], each: (one: T) => Promise<unknown>): Promise<void> {
  const faults: unknown[] = [];
  for (let at = 0; at < all.length; at += groupOf) {
    const done = await Promise.allSettled(all.slice(at, at + groupOf).map(each));
    for (const one of done) if (one.status === 'rejected') faults.push(one.reason);
  }
  if (faults.length > 0) throw faults[0];
}
