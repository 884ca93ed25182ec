import type { ApiError } from '#web/app/api-error.ts';
import type { Realtime } from '#web/app/realtime.ts';
import type { VoiceMixer } from '../voice-mixer.ts';
import type { ShiftSpeed } from './catch-up.ts';
import type { ShiftPlayer, ShiftPlayerOptions } from './shift-player.ts';

/** How a call is heard that is not heard live. Milliseconds; offsets in the call. */
export interface ShiftState {
  readonly playheadMs: number;
  /** Up to where this listener may hear the call by now: live, or behind it where the seat is delayed. */
  readonly edgeMs: number;
  readonly behindMs: number;
  readonly speed: ShiftSpeed;
  readonly paused: boolean;
  /** Faster than it was said, so that live comes nearer. */
  readonly catchingUp: boolean;
  /** When it is live again, at this speed and with silence left out; null at single speed. */
  readonly liveInMs: number | null;
  /** It should sound, but what comes next is not there yet. */
  readonly waiting: boolean;
  /** A delayed seat at its edge: as near to live as it gets. */
  readonly atEdge: boolean;
}

/** What the listening that is shifted gives and takes. */
export interface ShiftedListening {
  readonly request: Realtime['request'];
  readonly mixer: VoiceMixer;
  /** Null while the listening is being built anew. */
  listeningId(): string | null;
  /** Time since the call's beginning by the server's clock; its length when it is over. Null before it began. */
  liveMs(): number | null;
  /** For a delayed seat: how far behind it hears. */
  delayMs(): number | null;
  onChange(change: {
    shift?: ShiftState | null;
    returnMs?: number | null;
    shiftError?: ApiError | null;
  }): void;
  /** The server does not know the listening any more: it must be built anew. */
  onLost(): void;
  /** The call was heard to its end, or the listener wants no more of it. */
  onOver(): void;
  openPlayer(options: ShiftPlayerOptions): Promise<ShiftPlayer>;
}
