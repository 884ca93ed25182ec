import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { QueryOf, ResponseOf } from '#contract/endpoint.ts';
import { peaksFile, recordingEvents, recordingsEndpoints } from '#contract/recordings.ts';
import { call } from '../../app/api.ts';
import { ApiError } from '../../app/api-error.ts';
import { useSocketEvent } from '../../app/realtime-context.tsx';

export type RecordingFilter = Omit<QueryOf<typeof recordingsEndpoints.list>, 'cursor' | 'limit'>;
type RecordingsAnswer = ResponseOf<typeof recordingsEndpoints.list>;

const pageSize = 30;
/** A list that nobody tells of anything is read anew so often, and one with a recording on its way. Milliseconds. */
const lookEveryMs = { settled: 20_000, onItsWay: 3_000 };
/** On a busy line recordings move all the time: the list follows in steps of this length, milliseconds. */
const newsEveryMs = 1_000;

/** Recordings that match, newest first, page by page; while only the first page is shown, new ones appear by themselves. */
export function useRecordings(filter: RecordingFilter) {
  const query = useInfiniteQuery<
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
    // What moved while the list was not on the screen was not heard here.
    staleTime: 0,
    refetchInterval: ({ state: { data } }) => {
      if (data && data.pages.length > 1) return false;
      const onItsWay = data?.pages[0]?.recordings.some(
        ({ state }) => state === 'captured' || state === 'sealed',
      );
      return onItsWay ? lookEveryMs.onItsWay : lookEveryMs.settled;
    },
  });
  useNews((query.data?.pages.length ?? 0) <= 1);
  return query;
}

/** Reads the lists of recordings anew when the server says that one moved on. */
function useNews(wanted: boolean): void {
  const client = useQueryClient();
  const readAt = useRef(0);
  const due = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useSocketEvent(recordingEvents.moved, () => {
    if (!wanted || due.current !== undefined) return;
    const wait = Math.max(0, readAt.current + newsEveryMs - performance.now());
    due.current = setTimeout(() => {
      due.current = undefined;
      readAt.current = performance.now();
      void client.invalidateQueries({ queryKey: [recordingsEndpoints.list.id, 'pages'] });
    }, wait);
  });
  useEffect(
    () => () => {
      clearTimeout(due.current);
      due.current = undefined;
    },
    [],
  );
}

/** Fetches and checks a peaks file from its signed address. */
export async function fetchPeaks(url: string, signal?: AbortSignal) {
  const response = await fetch(url, signal ? { signal } : {});
  if (!response.ok) {
    throw new ApiError('store.storage', `peaks answered ${response.status}`, { status: response.status });
  }
  return peaksFile.parse(await response.json());
}
