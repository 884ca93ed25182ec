import type { RetentionEvent } from '#contract/retention.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { RetentionStore } from './retention.store.ts';
import { dueRoomAt, holdsRoom, policyFor, withOwn } from './retention.ts';

export interface RoomSlot {
  readonly id: string;
  readonly lineId: string;
  readonly startsAt: number;
  readonly endsAt: number;
}

export interface RoomRetentionDependencies {
  readonly store: Pick<RetentionStore, 'policies' | 'openHolds' | 'record'>;
  readonly rooms: {
    /** Slots behind `after` of whose rooms something is kept, by id. */
    slots(after: string, limit: number): Promise<string[]>;
    clear(slotId: string): Promise<{ messages: number; notes: boolean }>;
  };
  readonly slotsByIds: (ids: readonly string[]) => Promise<readonly RoomSlot[]>;
  /** Line and start of a recording that a hold names. */
  readonly recording: (id: string) => Promise<{ lineId: string; startedAt: number } | null>;
  readonly clock: Clock;
  readonly log: Log;
}

const pageSize = 200;

/**
 * Notes and messages of rooms may hold what customers said: they go when an ordinary call of their line that began with
 * the slot's end would. A hold keeps them as it keeps calls; one that names an agent or words keeps every room of its
 * time, as nobody can tell which calls a note is about.
 */
export function createRoomRetention(deps: RoomRetentionDependencies) {
  const { store, rooms, clock, log } = deps;
  return {
    /** Clears the rooms that are due. Several servers may do it at once. Answers how many. */
    async sweep(): Promise<number> {
      const [policies, holds] = await Promise.all([store.policies(), store.openHolds()]);
      const all = withOwn(policies);
      const named = new Map<string, { lineId: string; startedAt: number } | null>();
      for (const { scope } of holds) {
        if (scope.recordingId !== undefined)
          named.set(scope.recordingId, await deps.recording(scope.recordingId));
      }
      let clearedRooms = 0;
      for (let after = ''; ; ) {
        const ids = await rooms.slots(after, pageSize);
        if (ids.length === 0) return clearedRooms;
        for (const slot of await deps.slotsByIds(ids)) {
          const policy = policyFor(all, { lineId: slot.lineId, recordingClass: 'standard' });
          const due = dueRoomAt(slot, policy);
          if (due === null || due > clock() || holds.some((hold) => holdsRoom(hold, slot, named))) continue;
          const cleared = await rooms.clear(slot.id);
          clearedRooms += 1;
          log.info({ slotId: slot.id, policyId: policy.id, ...cleared }, 'room cleared');
          // Of two who do it at once, who found something to delete tells of it.
          if (cleared.messages === 0 && !cleared.notes) continue;
          const event: Omit<RetentionEvent, 'id' | 'sequence' | 'hash'> = {
            ...{ at: clock(), by: null, action: 'room-cleared', recordingId: null },
            reason: `policy:${policy.id}`,
            before: { slotId: slot.id, lineId: slot.lineId, ...cleared },
            after: null,
          };
          await store.record(event);
        }
        after = ids.at(-1)!;
      }
    },
  };
}
