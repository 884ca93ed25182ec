import { useInfiniteQuery } from '@tanstack/react-query';
import type { QueryOf, ResponseOf } from '#contract/endpoint.ts';
import { peaksFile, recordingsEndpoints } from '#contract/recordings.ts';
import { call } from '../../app/api.ts';
import { ApiError } from '../../app/api-error.ts';

export type RecordingFilter = Omit<QueryOf<typeof recordingsEndpoints.list>, 'cursor' | 'limit'>;
type RecordingsAnswer = ResponseOf<typeof recordingsEndpoints.list>;

const pageSize = 30;

/** Recordings that match, newest first, page by page; while only the first page is shown, new ones appear by themselves. */
export function useRecordings(filter: RecordingFilter) {
  return useInfiniteQuery<
    RecordingsAnswer,
    ApiError,
    { pages: RecordingsAnswer[] },
    unknown[],
    string | undefined
  >({
    queryKey: [recordingsEndpoints.list.id, 'pages', filter],
    queryFn: ({ pageParam, signal }) =>
      call(
        recordingsEndpoints.list,
        { query: { ...filter, cursor: pageParam, limit: pageSize } },
        { signal },
      ),
    initialPageParam: undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    placeholderData: (before) => before,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) <= 1 ? 20_000 : false),
  });
}

/** Fetches and checks a peaks file from its signed address. */
export async function fetchPeaks(url: string, signal?: AbortSignal) {
  const response = await fetch(url, signal ? { signal } : {});
  if (!response.ok) {
    throw new ApiError('store.storage', `peaks answered ${response.status}`, { status: response.status });
  }
  return peaksFile.parse(await response.json());
}
