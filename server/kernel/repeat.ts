import type { Lifecycle } from './lifecycle.ts';
import type { Log } from './log.ts';

/**
 * Runs something every `everyMs` until the stop begins. A run that takes longer holds up the next one;
 * one that fails is logged, and the next one comes all the same.
 */
export function repeat(
  what: string,
  everyMs: number,
  run: () => Promise<unknown>,
  { lifecycle, log }: { lifecycle: Lifecycle; log: Log },
): void {
  let running: Promise<unknown> | undefined;
  const timer = setInterval(() => {
    running ??= run()
      .catch((error: unknown) => log.warn({ what, err: error }, 'a repeated task failed'))
      .finally(() => {
        running = undefined;
      });
  }, everyMs);
  lifecycle.onStop('stopAdmitting', what, async () => {
    clearInterval(timer);
    await running;
  });
}
