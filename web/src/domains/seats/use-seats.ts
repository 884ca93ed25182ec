import { useQueryClient } from '@tanstack/react-query';
import type { ResponseOf } from '#contract/endpoint.ts';
import { seatsEvents } from '#contract/listening.ts';
import { seatsEndpoints } from '#contract/seats.ts';
import { queryKey, useApiCommand, useApiQuery } from '../../app/queries.ts';
import { useSocketEvent } from '../../app/realtime-context.tsx';
import { useMay } from '../../app/session.tsx';

const read = [seatsEndpoints.week, seatsEndpoints.mine];

/** My reservations that are not over, soonest first. */
export function useMySeats() {
  const mayDo = useMay();
  return useApiQuery(
    seatsEndpoints.mine,
    {},
    { enabled: mayDo('reservations.make'), refreshEveryMs: 60_000 },
  );
}

/** Slots that touch a span (UTC ms). Numbers of seats follow the socket. */
export function useSlots(from: number, to: number, { enabled = true } = {}) {
  const client = useQueryClient();
  const query = useApiQuery(
    seatsEndpoints.week,
    { query: { from, to } },
    { enabled, keepPrevious: true, refreshEveryMs: 60_000 },
  );
  useSocketEvent(seatsEvents.slotChanged, ({ slotId, taken, seats }) => {
    let known = false;
    client.setQueriesData<ResponseOf<typeof seatsEndpoints.week>>(
      { queryKey: queryKey(seatsEndpoints.week) },
      (answer) =>
        answer && {
          ...answer,
          slots: answer.slots.map((slot) => {
            if (slot.id !== slotId) return slot;
            known = true;
            return { ...slot, taken, seats };
          }),
        },
    );
    // A slot that we have not seen was just planned.
    if (!known) void client.invalidateQueries({ queryKey: queryKey(seatsEndpoints.week) });
  });
  return query;
}

export const useReserve = () => useApiCommand(seatsEndpoints.reserve, { refresh: read });
export const useCancel = () => useApiCommand(seatsEndpoints.cancel, { refresh: read });
export const useCheckIn = () => useApiCommand(seatsEndpoints.checkIn, { refresh: read });
export const usePlanSlot = () => useApiCommand(seatsEndpoints.plan, { refresh: read });
