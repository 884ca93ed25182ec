/** UTC milliseconds. Passed in where rules depend on time, so that tests can set it. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** How often the steady clock looks at the wall clock, and how far it may move towards it each time. Milliseconds. */
const lookEveryMs = 1_000;
const slewMs = 0.5;
/** Further than this the wall clock has not drifted but was set. Milliseconds. */
const setMs = 1_000;

/**
 * UTC milliseconds that go on evenly when somebody sets the system's clock: packets of one call are placed by when they
 * came, and an hour set forward in mid-call is no hour of silence. Drift of the wall clock is followed, half a
 * millisecond a second; a clock that was set is followed as soon as `mayJump` says that nobody would notice.
 */
export function steadyClock(options: {
  readonly mayJump: () => boolean;
  readonly wall?: Clock;
  readonly monotonic?: () => number;
}): Clock {
  const { mayJump, wall = systemClock, monotonic = () => performance.now() } = options;
  let offset = wall() - monotonic();
  let lookedAt = monotonic();
  return () => {
    const now = monotonic();
    if (now - lookedAt >= lookEveryMs) {
      lookedAt = now;
      const behind = wall() - (now + offset);
      if (Math.abs(behind) <= setMs) offset += Math.max(-slewMs, Math.min(slewMs, behind));
      else if (mayJump()) offset += behind;
    }
    return Math.round(now + offset);
  };
}
