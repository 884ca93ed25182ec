import { seatsEvents } from '#contract/listening.ts';
import type { Log } from '#kernel/log.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import { type Announcer, rooms } from '#realtime/socket-door.ts';
import type { Seats, SeatsEvents } from './seats.service.ts';
import type { PlannedSlot } from './seats.ts';

/** A rush on one slot is told in steps of this length, not per seat. Milliseconds. */
const gatherMs = 50;

/**
 * Tells everyone who can see a line when seats of its slots change. The seats are counted after the change and
 * one count per slot at a time, so the last word on a slot is a true one.
 */
export function announceSlotChanges(
  seats: Seats,
  events: TypedEvents<SeatsEvents>,
  announcer: Announcer,
  log: Log,
): { stop: () => void } {
  const waiting = new Map<string, PlannedSlot>();
  let timer: NodeJS.Timeout | undefined;

  const tell = async (slot: PlannedSlot) => {
    const taken = await seats.taken(slot.id);
    announcer.to(rooms.line(slot.lineId), seatsEvents.slotChanged, {
      slotId: slot.id,
      lineId: slot.lineId,
      taken,
      seats: slot.seats,
    });
  };
  const tellAll = async () => {
    const slots = [...waiting.values()];
    waiting.clear();
    const told = await Promise.allSettled(slots.map(tell));
    const failed = told.filter((outcome) => outcome.status === 'rejected').length;
    if (failed > 0) log.warn({ failed }, 'slot changes were not announced');
    timer = waiting.size > 0 ? setTimeout(tellAll, gatherMs) : undefined;
  };
  const off = events.on('slot-changed', ({ slot }) => {
    waiting.set(slot.id, slot);
    timer ??= setTimeout(tellAll, gatherMs);
  });
  return {
    stop: () => {
      off();
      clearTimeout(timer);
    },
  };
}
