import { useQuery } from '@tanstack/react-query';
import { type AnalysisTrack, analysisEndpoints, analysisTrack } from '#contract/analysis.ts';
import type { ResponseOf } from '#contract/endpoint.ts';
import { call } from '../../app/api.ts';
import { ApiError } from '../../app/api-error.ts';
import { queryKey } from '../../app/queries.ts';

export type Analysis = ResponseOf<typeof analysisEndpoints.show>;

/** Milliseconds between two looks while an analysis is under way. */
const lookEveryMs = 3_000;

/** What was found out about a recording, looked for again until it is there. */
export function useAnalysis(recordingId: string) {
  const input = { params: { id: recordingId } };
  const shown = useQuery<Analysis, ApiError>({
    queryKey: queryKey(analysisEndpoints.show, input),
    queryFn: ({ signal }) => call(analysisEndpoints.show, input, { signal }),
    refetchInterval: (query) => (query.state.data?.state === 'waiting' ? lookEveryMs : false),
  });
  const address = shown.data?.track?.url;
  const track = useQuery<AnalysisTrack, ApiError>({
    queryKey: ['analysis-track', recordingId],
    queryFn: ({ signal }) => fetchTrack(address ?? '', signal),
    enabled: address !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return { shown, track };
}

async function fetchTrack(url: string, signal: AbortSignal): Promise<AnalysisTrack> {
  const response = await fetch(url, { signal });
  if (!response.ok) {
    throw new ApiError('store.storage', `the track answered ${response.status}`, { status: response.status });
  }
  return analysisTrack.parse(await response.json());
}
