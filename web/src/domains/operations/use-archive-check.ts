import { operationsEndpoints } from '#contract/operations.ts';
import { useApiQuery } from '../../app/queries.ts';

/** What the comparison of disks, database and archive found and nobody has mended yet. */
export function useArchiveCheck() {
  return useApiQuery(
    operationsEndpoints.archiveFindings,
    { query: { limit: 100 } },
    { refreshEveryMs: 10_000, staleTimeMs: 0 },
  );
}
