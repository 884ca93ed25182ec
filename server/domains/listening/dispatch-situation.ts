import type { FollowBar, FollowMode, FollowReason } from '#contract/follow.ts';
import type { LocalText } from '#contract/primitives.ts';

/** The modes in which calls are chosen for the listener. */
export type AutomaticMode = Exclude<FollowMode, 'chosen'>;

/** One call that a person has heard, live or archived. */
export interface Heard {
  readonly callId: string;
  readonly scenarioId: string | null;
  readonly productKey: string | null;
  readonly agentId: string | null;
  /** UTC milliseconds. */
  readonly at: number;
}

/** One listener in a room who follows calls. */
export interface DispatchSeat {
  readonly personId: string;
  readonly mode: FollowMode;
  /** The line that the seat is for. */
  readonly lineId: string;
  /** Lines whose calls may be given; null: all of them. */
  readonly lineIds: readonly string[] | null;
  readonly chosenCallId: string | null;
  /** Calls about this scenario are preferred. */
  readonly scenarioId: string | null;
  /** UTC milliseconds; null while a call is heard or on its way: such a seat is given nothing. */
  readonly waitingSince: number | null;
  /** What the person has heard within `rememberMs`. */
  readonly heard: readonly Heard[];
  /** Calls that this seat was given and did not take. */
  readonly passed: readonly string[];
  /** The server process that holds the listener's socket. */
  readonly process: string;
}

/** One live call. */
export interface DispatchCall {
  readonly id: string;
  readonly lineId: string;
  /** First packet. UTC milliseconds. */
  readonly startedAt: number;
  readonly scenarioId: string | null;
  readonly product: LocalText | null;
  readonly productKey: string | null;
  readonly agentId: string | null;
  readonly pausedSince: number | null;
  /** One of the two who talk has left. */
  readonly ending: boolean;
  /** How lively the voices are, 0–1, where that is known. */
  readonly arousal: number | null;
  /** People who hear it, or are on their way to it. */
  readonly ears: number;
  /** The server process that alone can play it; null: any. */
  readonly process: string | null;
}

export interface Situation {
  readonly seats: readonly DispatchSeat[];
  readonly calls: readonly DispatchCall[];
  /** UTC milliseconds. */
  readonly now: number;
  /** Where chance comes in: the same seed, the same choice. */
  readonly seed: string;
}

export interface Assignment {
  readonly personId: string;
  readonly callId: string;
  readonly score: number;
  readonly why: readonly FollowReason[];
}

/** How a seat stands that goes on waiting. */
export interface Standing {
  readonly personId: string;
  /** Seats that wait for the same calls and have waited longer. */
  readonly before: number;
  /** Live calls in scope. */
  readonly live: number;
  /** What keeps most of them from this seat. */
  readonly barred: FollowBar | null;
}

export interface Dispatched {
  readonly assignments: readonly Assignment[];
  readonly waiting: readonly Standing[];
}
