import { workersSecretKey } from '#contract/spool-follow.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import { createCallSpools } from '#domains/listening/call-spools.store.ts';
import type { ListeningService } from '#domains/listening/listening.service.ts';
import { createTimeShiftService } from '#domains/listening/time-shift.service.ts';
import { timeShiftSockets } from '#domains/listening/time-shift.sockets.ts';
import { livingRecorders } from '#domains/recordings/recorders.store.ts';
import type { Clock } from '#kernel/clock.ts';
import { repeat } from '#kernel/repeat.ts';
import type { LiveNeeds } from './live.ts';

/** How often listenings from disk are looked at. Milliseconds. */
const settleEveryMs = 5_000;

/** Hearing a live call from the spools of its recorders. `clock`: the one that stamps the packets of calls. */
export function startTimeShift(
  needs: Pick<LiveNeeds, 'config' | 'log' | 'lifecycle' | 'redis' | 'gateway'> & {
    readonly clock: Clock;
    readonly calls: CallsService;
    readonly listening: ListeningService;
  },
): void {
  const { config, log, lifecycle, redis, gateway, clock, calls, listening } = needs;
  const shift = createTimeShiftService({
    ...{ listening, calls, clock, log },
    spools: createCallSpools({
      recorders: () => livingRecorders(redis),
      secret: () => redis.get(workersSecretKey),
      log,
    }),
    reachBackMs: config.PAUSE_REACHES_BACK_MS,
  });
  repeat('settling of time shift', settleEveryMs, () => shift.settle(), { lifecycle, log });
  gateway.mount(timeShiftSockets(shift));
}
