import type { shiftSide } from '#contract/time-shift.ts';

/** Whose voice; a bot speaks on the agent's side. */
export type ShiftSide = keyof typeof shiftSide;

/** Apart from the contract, whose schemas the audio thread does not need. */
export const shiftSides: readonly ShiftSide[] = ['agent', 'customer'];
