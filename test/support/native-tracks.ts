import type { Track } from 'node-datachannel';

const open = new Set<Track>();

/**
 * Takes care of a track of libdatachannel until it has closed by itself. Collected earlier, its native half calls back
 * into freed memory; without a `closed` listener it holds the process up for ever; and closed from here while packets
 * come, its callbacks are freed under another thread's feet.
 */
export function keepUntilClosed(track: Track): void {
  open.add(track);
  track.onClosed(() => {
    // Not inside its own callback.
    setImmediate(() => {
      track.close();
      open.delete(track);
    });
  });
}
