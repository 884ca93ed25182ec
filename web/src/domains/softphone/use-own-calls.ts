import { useQueryClient } from '@tanstack/react-query';
import { listeningEvents } from '#contract/listening.ts';
import { softphoneEndpoints } from '#contract/softphone.ts';
import { queryKey, useApiQuery } from '../../app/queries.ts';
import { useSocketEvent } from '../../app/realtime-context.tsx';
import { usePerson } from '../../app/session.tsx';

/** The agent's calls of the last day with who heard them; read anew whenever one of them changes. */
export function useOwnCalls() {
  const client = useQueryClient();
  const me = usePerson();
  const renew = ({ call }: { call: { agentId: string | null } }) => {
    if (call.agentId === me.id) {
      void client.invalidateQueries({ queryKey: queryKey(softphoneEndpoints.mine) });
    }
  };
  useSocketEvent(listeningEvents.callStarted, renew);
  useSocketEvent(listeningEvents.callUpdated, renew);
  useSocketEvent(listeningEvents.callEnded, renew);
  // Who heard a recording comes by no event.
  return useApiQuery(softphoneEndpoints.mine, {}, { refreshEveryMs: 30_000 });
}
