import type { Businesses } from '#domains/businesses/businesses.service.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import type { CallEvents } from '#domains/calls/calls.ts';
import type { Identity } from '#domains/identity/identity.service.ts';
import { createFollowService } from '#domains/listening/follow.service.ts';
import { followSockets } from '#domains/listening/follow.sockets.ts';
import { createFollowStore } from '#domains/listening/follow.store.ts';
import { heardFrom } from '#domains/listening/follow.ts';
import type { FollowEvents } from '#domains/listening/follow-desk.ts';
import type { HearingsService } from '#domains/listening/hearings.service.ts';
import type { ListeningEvents } from '#domains/listening/running-listenings.ts';
import type { Seats } from '#domains/seats/seats.service.ts';
import { repeat } from '#kernel/repeat.ts';
import { TypedEvents } from '#kernel/typed-events.ts';
import type { LiveNeeds } from './live.ts';

/** How often seats and calls are looked at without a reason. Milliseconds. */
const settleEveryMs = 1_000;

interface FollowNeeds extends Pick<LiveNeeds, 'log' | 'lifecycle' | 'clock' | 'redis' | 'gateway'> {
  readonly calls: CallsService;
  readonly callEvents: TypedEvents<CallEvents>;
  readonly listeningEvents: TypedEvents<ListeningEvents>;
  readonly hearings: HearingsService;
  readonly businesses: Businesses;
  readonly identity: Identity;
  readonly seats: Seats;
  readonly instanceId: string;
}

/** The right call for the right ear: listeners who follow are given calls, one after the other. */
export function startFollowing(needs: FollowNeeds) {
  const { log, lifecycle, clock, redis, gateway, calls, hearings, instanceId } = needs;
  const events = new TypedEvents<FollowEvents>((event, fault) =>
    log.error({ domain: 'follow', event, err: fault }, 'an event was not handled'),
  );
  const follow = createFollowService({
    ...{ calls, events, clock, log },
    store: createFollowStore(redis),
    callEvents: needs.callEvents,
    listeningEvents: needs.listeningEvents,
    processId: instanceId,
    ownedLines: async (personId) => (await needs.businesses.ownedBy(personId)).lineIds,
    personNow: (personId) => needs.identity.person(personId),
    slotFor: (person, slotId) => needs.seats.show(person, slotId),
    heardSince: async (personId, since) => {
      const heard = await hearings.ofPersons([personId], { from: since, to: clock() });
      const about = await calls.byIds([...new Set(heard.map(({ callId }) => callId))]);
      const callOf = new Map(about.map((call) => [call.id, call]));
      return heard.flatMap(({ callId, startedAt, endedAt }) => {
        const call = callOf.get(callId);
        return call ? [heardFrom(call, endedAt ?? startedAt)] : [];
      });
    },
  });
  lifecycle.onStop('stopAdmitting', 'following', () => follow.stop());
  repeat('settling of seats', settleEveryMs, () => follow.settle(), { lifecycle, log });
  const { doors, onGone } = followSockets({ follow, calls, announcer: gateway, events });
  gateway.mount(doors);
  gateway.onGone(onGone);
  return follow;
}
