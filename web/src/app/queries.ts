import {
  keepPreviousData,
  QueryCache,
  QueryClient,
  type QueryKey,
  type UseMutationResult,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { ResponseOf } from '#contract/endpoint.ts';
import { identityEndpoints } from '#contract/identity.ts';
import { type AnyEndpoint, type CallInput, call } from './api.ts';
import { type ApiError, asApiError } from './api-error.ts';

export function createQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        // The session is over: ask who we are, and the shell shows the sign-in in place of the page.
        if (asApiError(error).code !== 'session.required') return;
        void client.invalidateQueries({ queryKey: queryKey(identityEndpoints.session) });
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        // An answer with a code is an answer; only silence is worth asking again.
        retry: (failures, error) => failures < 2 && asApiError(error).status === 0,
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false },
    },
  });
  return client;
}

/** Cache key of an endpoint: all of its queries, or the one with this input. */
export function queryKey<E extends AnyEndpoint>(endpoint: E, input?: CallInput<E>): QueryKey {
  return input === undefined ? [endpoint.id] : [endpoint.id, input];
}

export interface ApiQueryOptions {
  enabled?: boolean;
  /** Milliseconds between refreshes while the page is visible. */
  refreshEveryMs?: number;
  staleTimeMs?: number;
  /** Show the answer to the last input while the one to the new input is on its way. */
  keepPrevious?: boolean;
}

/** Reads an endpoint: `const slots = useApiQuery(seatsEndpoints.week, { query: { from, to } })`. */
export function useApiQuery<E extends AnyEndpoint>(
  endpoint: E,
  input: CallInput<E>,
  options: ApiQueryOptions = {},
): UseQueryResult<ResponseOf<E>, ApiError> {
  return useQuery<ResponseOf<E>, ApiError>({
    queryKey: queryKey(endpoint, input),
    queryFn: ({ signal }) => call(endpoint, input, { signal }),
    enabled: options.enabled ?? true,
    ...(options.refreshEveryMs !== undefined && { refetchInterval: options.refreshEveryMs }),
    ...(options.staleTimeMs !== undefined && { staleTime: options.staleTimeMs }),
    ...(options.keepPrevious && { placeholderData: keepPreviousData as never }),
  });
}

/** Commands an endpoint; afterwards, also after a refusal, the named endpoints are read anew. */
export function useApiCommand<E extends AnyEndpoint>(
  endpoint: E,
  { refresh = [] }: { refresh?: readonly AnyEndpoint[] } = {},
): UseMutationResult<ResponseOf<E>, ApiError, CallInput<E>> {
  const client = useQueryClient();
  return useMutation<ResponseOf<E>, ApiError, CallInput<E>>({
    mutationFn: (input) => call(endpoint, input),
    onSettled: () =>
      Promise.all(refresh.map((other) => client.invalidateQueries({ queryKey: queryKey(other) }))),
  });
}
