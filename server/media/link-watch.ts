import type { types } from 'mediasoup';

export interface LinkTimes {
  /** From the offer to DTLS: whoever needs longer has gone away. */
  readonly connectMs: number;
  /** After ICE consent (RFC 7675) ended: the time an ICE restart has. */
  readonly graceMs: number;
}

export const linkTimes: LinkTimes = { connectMs: 30_000, graceMs: 10_000 };

/**
 * Seconds without a consent check after which the worker stops sending. Ten is the least it takes; browsers check
 * every five.
 */
export const iceConsentTimeoutS = 10;

export interface LinkEvents {
  /** DTLS is up for the first time. */
  onUp(): void;
  /** It is certain that nobody hears this any more. Called once, never after `stop`. */
  onGone(): void;
}

/** Follows one transport's ICE and DTLS. Answers a function that stops following. */
export function watchLink(
  transport: types.WebRtcTransport,
  events: LinkEvents,
  times: LinkTimes = linkTimes,
): () => void {
  let done = false;
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    done = true;
    clearTimeout(timer);
  };
  const gone = () => {
    if (done) return;
    stop();
    events.onGone();
  };
  const goneAfter = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(gone, ms);
    timer.unref();
  };
  goneAfter(times.connectMs);
  transport.on('dtlsstatechange', (state) => {
    if (done) return;
    if (state === 'connected') {
      clearTimeout(timer);
      events.onUp();
    } else if (state === 'failed' || state === 'closed') {
      // The keys are gone: no ICE restart brings this transport back.
      gone();
    }
  });
  transport.on('icestatechange', (state) => {
    if (done) return;
    if (state === 'disconnected') goneAfter(times.graceMs);
    else if (transport.dtlsState === 'connected') clearTimeout(timer);
  });
  return stop;
}
