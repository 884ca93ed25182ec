import type { Call } from '#contract/calls.ts';
import type { RosterEntry } from '#contract/listening.ts';
import type { LegRole } from '#contract/primitives.ts';
import type { Slot } from '#contract/seats.ts';
import type { ApiError } from '../../app/api-error.ts';
import type { LineSample } from './line-quality.ts';
import type { ShiftState } from './time-shift/shift-state.ts';
import type { Sound } from './voice-mixer.ts';

/**
 * `outside` before the room is entered, `idle` in the room, `waiting` for a call to come, `joining` until packets can
 * flow, `live`, `recovering` while the path is being mended, `ended` after the call's end, `refused` with `error`.
 */
export type ListeningPhase =
  | 'outside'
  | 'idle'
  | 'waiting'
  | 'joining'
  | 'live'
  | 'recovering'
  | 'ended'
  | 'refused';

export interface ListeningState {
  readonly phase: ListeningPhase;
  readonly slot: Slot | null;
  /** The call that is heard, or was heard last. */
  readonly call: Call | null;
  /** Live calls of the line, the youngest first. */
  readonly calls: readonly Call[];
  readonly roster: readonly RosterEntry[];
  /** Roles whose track is there. */
  readonly voices: readonly LegRole[];
  readonly line: LineSample | null;
  readonly sound: Sound;
  /** How the call is heard when it is not heard live. */
  readonly shift: ShiftState | null;
  /** Where the listener was before going live; the way back. Milliseconds, an offset in the call. */
  readonly returnMs: number | null;
  /** Why the call cannot be heard from before. */
  readonly shiftError: ApiError | null;
  /** A delayed seat hears this far behind, never live. Milliseconds. */
  readonly delayMs: number | null;
  /** Why the listening stopped although nobody here stopped it. */
  readonly stoppedBy: 'another-window' | 'slot-over' | null;
  readonly error: ApiError | null;
}

export const beforeEntering: ListeningState = {
  phase: 'outside',
  slot: null,
  call: null,
  calls: [],
  roster: [],
  voices: [],
  line: null,
  sound: 'off',
  shift: null,
  returnMs: null,
  shiftError: null,
  delayMs: null,
  stoppedBy: null,
  error: null,
};
