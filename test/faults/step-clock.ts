/**
 * Preloaded into a process (`node --import`), moves its wall clock by CLOCK_STEP_MS at the first SIGUSR2, back at the
 * next, and so on. What runs by the monotonic clock (timers, performance.now) goes on, as when an administrator or an
 * NTP client sets a system's clock. Only this process's JavaScript sees it: files and other processes keep the time,
 * which is what clocks that differ between hosts look like.
 */
const stepMs = Number(process.env.CLOCK_STEP_MS ?? 0);
const RealDate = Date;
let offset = 0;

class SteppedDate extends RealDate {
  constructor(...given: unknown[]) {
    if (given.length === 0) super(RealDate.now() + offset);
    else super(...(given as [number]));
  }

  static override now(): number {
    return RealDate.now() + offset;
  }
}

globalThis.Date = SteppedDate as unknown as DateConstructor;
process.on('SIGUSR2', () => {
  offset = offset === 0 ? stepMs : 0;
});
