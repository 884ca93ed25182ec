import { type UseQueryResult, useQueryClient } from '@tanstack/react-query';
import { type Call, callsEndpoints } from '#contract/calls.ts';
import type { ResponseOf } from '#contract/endpoint.ts';
import { listeningEvents } from '#contract/listening.ts';
import type { ApiError } from '../../app/api-error.ts';
import { queryKey, useApiQuery } from '../../app/queries.ts';
import { useSocketEvent } from '../../app/realtime-context.tsx';
import { useMay } from '../../app/session.tsx';

type LiveCalls = ResponseOf<typeof callsEndpoints.live>;

/** The calls on air now on the person's lines, newest first, kept current by the socket. */
export function useLiveCalls(): UseQueryResult<LiveCalls, ApiError> {
  const client = useQueryClient();
  const mayRead = useMay();
  const key = queryKey(callsEndpoints.live, { query: {} });
  // Events may be missed while the line is cut: a slow refresh catches up.
  const query = useApiQuery(
    callsEndpoints.live,
    { query: {} },
    { enabled: mayRead('calls.read'), refreshEveryMs: 30_000 },
  );
  const update = (change: (calls: readonly Call[]) => Call[]) =>
    client.setQueryData<LiveCalls>(key, (known) => known && { calls: change(known.calls) });

  useSocketEvent(listeningEvents.callStarted, ({ call }) => {
    if (mayRead('calls.read', { lineId: call.lineId })) update((calls) => [call, ...without(calls, call.id)]);
  });
  useSocketEvent(listeningEvents.callUpdated, ({ call }) => {
    update((calls) => calls.map((known) => (known.id === call.id ? call : known)));
  });
  useSocketEvent(listeningEvents.callEnded, ({ call }) => {
    update((calls) => without(calls, call.id));
  });
  return query;
}

function without(calls: readonly Call[], callId: string): Call[] {
  return calls.filter((call) => call.id !== callId);
}
