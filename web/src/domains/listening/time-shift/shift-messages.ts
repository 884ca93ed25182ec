import type { PlaybackReport } from './shift-playback.ts';
import type { ShiftSide } from './shift-sides.ts';

/** The name under which the audio thread knows the player. */
export const shiftProcessor = 'cloud-listening-time-shift';

/** What the page tells the audio thread. Places are samples since the call's start, at the context's rate. */
export type ToPlayback =
  | { readonly do: 'write'; readonly side: ShiftSide; readonly at: number; readonly samples: Float32Array }
  | { readonly do: 'cover'; readonly from: number; readonly to: number }
  | { readonly do: 'end'; readonly ms: number | null }
  | { readonly do: 'seek'; readonly ms: number }
  | { readonly do: 'speed'; readonly speed: number; readonly skipsSilence: boolean }
  | { readonly do: 'pause'; readonly on: boolean }
  | { readonly do: 'close' };

/** What it tells the page, twenty times a second and at every change. */
export type FromPlayback = PlaybackReport;
