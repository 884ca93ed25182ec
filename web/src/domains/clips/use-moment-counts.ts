import { useQueries } from '@tanstack/react-query';
import { clipsEndpoints } from '#contract/clips.ts';
import type { ResponseOf } from '#contract/endpoint.ts';
import { call } from '#web/app/api.ts';
import { queryKey } from '#web/app/queries.ts';

type Counted = ResponseOf<typeof clipsEndpoints.counts>['counts'];
export type MomentCounts = Pick<Counted[number], 'clips' | 'bookmarks'>;

/** So many recordings are asked about at once. */
const atOnce = 30;

/** How many marks and clips recordings have, by recording; those with none are absent. */
export function useMomentCounts(recordingIds: readonly string[]): ReadonlyMap<string, MomentCounts> {
  const pages = Array.from({ length: Math.ceil(recordingIds.length / atOnce) }, (_, page) =>
    recordingIds.slice(page * atOnce, (page + 1) * atOnce).join(','),
  );
  const answers = useQueries({
    queries: pages.map((ids) => {
      const input = { query: { recordingIds: ids } };
      return {
        queryKey: queryKey(clipsEndpoints.counts, input),
        queryFn: ({ signal }: { signal: AbortSignal }) => call(clipsEndpoints.counts, input, { signal }),
      };
    }),
  });
  const counts = answers.flatMap(({ data }) => data?.counts ?? []);
  return new Map(counts.map(({ recordingId, ...rest }) => [recordingId, rest]));
}
