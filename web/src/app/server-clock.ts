import { useSyncExternalStore } from 'react';

/** The Date header has whole seconds (RFC 9110 §5.6.7): a smaller difference says nothing. Milliseconds. */
const noticeableMs = 2_000;
/** A Date header that is further from what was measured speaks of a clock that was set. Milliseconds. */
const setMs = 5_000;
/** A measured difference is replaced by a worse measured one only when it is so old. Milliseconds. */
const measuredForMs = 120_000;
let offsetMs = 0;
let measured: { offsetMs: number; roundTripMs: number; at: number } | null = null;

/** Called with every answer's Date header: a wrong clock on this machine must not close a check-in that is open. */
export function noteServerDate(header: string | null): void {
  const at = header === null ? Number.NaN : Date.parse(header);
  if (Number.isNaN(at)) return;
  const difference = at - Date.now();
  offsetMs = Math.abs(difference) > noticeableMs ? difference : 0;
  // This machine's clock was set since it was measured.
  if (measured && Math.abs(difference - measured.offsetMs) > setMs) measured = null;
}

/**
 * Called with the server's clock (UTC ms) and this machine's when it was asked and when it answered: what lies between
 * is taken for even both ways, as in RFC 5905 §8, so that it is off by half the round trip at most.
 */
export function noteServerTime(serverMs: number, askedAt: number, answeredAt: number): void {
  const roundTripMs = answeredAt - askedAt;
  if (roundTripMs < 0) return;
  const stale = measured === null || answeredAt - measured.at > measuredForMs;
  if (!stale && measured && roundTripMs > measured.roundTripMs) return;
  measured = { offsetMs: serverMs + roundTripMs / 2 - answeredAt, roundTripMs, at: answeredAt };
}

/** UTC milliseconds by the server's clock, as far as this machine knows. */
export function serverNow(): number {
  return Math.round(Date.now() + (measured?.offsetMs ?? offsetMs));
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
