import type { Call } from '#contract/calls.ts';
import type { ApiError } from '../../app/api-error.ts';

/** `alone` until the other side's voice is there; `recovering` while the path is being mended. */
export type SoftphonePhase =
  | 'idle'
  | 'asking-microphone'
  | 'joining'
  | 'alone'
  | 'talking'
  | 'recovering'
  | 'ended';

export interface SoftphoneState {
  readonly phase: SoftphonePhase;
  readonly call: Call | null;
  /** We hold: the other side does not hear us. */
  readonly held: boolean;
  /** Nothing comes from the other side although the way is up: they hold, or their own line is being mended. */
  readonly otherQuiet: boolean;
  readonly microphone: 'unasked' | 'on' | 'refused' | 'missing';
  readonly soundBlocked: boolean;
  /** Local time (ms) when both were there first. */
  readonly talkingSince: number | null;
  readonly talkedMs: number | null;
  readonly endedBy: 'over' | 'another-window' | null;
  readonly error: ApiError | null;
}

export const beforeTheCall: SoftphoneState = {
  phase: 'idle',
  call: null,
  held: false,
  otherQuiet: false,
  microphone: 'unasked',
  soundBlocked: false,
  talkingSince: null,
  talkedMs: null,
  endedBy: null,
  error: null,
};
