import { useSyncExternalStore } from 'react';

/** The Date header has whole seconds (RFC 9110 §5.6.7): a smaller difference says nothing. Milliseconds. */
const noticeableMs = 2_000;
let offsetMs = 0;

/** Called with every answer's Date header: a wrong clock on this machine must not close a check-in that is open. */
export function noteServerDate(header: string | null): void {
  const at = header === null ? Number.NaN : Date.parse(header);
  if (Number.isNaN(at)) return;
  const difference = at - Date.now();
  offsetMs = Math.abs(difference) > noticeableMs ? difference : 0;
}

/** UTC milliseconds by the server's clock, as far as this machine knows. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}

/** The server's time as state, renewed on each full `everyMs` (1,000 by default). */
export function useNow(everyMs = 1_000): number {
  return useSyncExternalStore(
    (changed) => {
      let timer: ReturnType<typeof setTimeout>;
      const wait = () => {
        timer = setTimeout(
          () => {
            changed();
            wait();
          },
          everyMs - (serverNow() % everyMs),
        );
      };
      wait();
      return () => clearTimeout(timer);
    },
    () => Math.floor(serverNow() / everyMs) * everyMs,
  );
}
