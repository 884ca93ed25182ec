import type { Person } from '#contract/identity.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { ListenerMedia } from './listening.ports.ts';
import { heardLater, type Listening } from './listening.ts';

/** What the live room gives: its listenings, and what is done with one. */
export interface ListeningDesk {
  readonly listenings: ReadonlyMap<string, Listening>;
  readonly media: Pick<ListenerMedia, 'shift'>;
  readonly clock: Clock;
  /** Error: `listening.unknown`. */
  own(person: Person, listeningId: string): Listening;
  /** Answers how far behind they hear, ms, null for live. Errors: those of the room; the listening is over then. */
  stillAdmitted(listening: Listening, person: Person): Promise<number | null>;
  interrupt(listening: Listening, reason: 'connection-lost'): Promise<void>;
  finish(listening: Listening): Promise<void>;
  tellOthers(listening: Listening): void;
}

/** What of the live room is about listenings that hear from disk. */
export function fromDisk(desk: ListeningDesk) {
  const { listenings, media } = desk;
  return {
    /** From disk (`on`) or live again. Errors: those of the room, `listening.unknown`, `listening.delayed`. */
    async shift(person: Person, listeningId: string, on: boolean): Promise<void> {
      const listening = desk.own(person, listeningId);
      await desk.stillAdmitted(listening, person);
      if (listening.way === 'delayed') {
        if (!on) throw heardLater();
        return;
      }
      if (listening.way === 'severed') {
        if (on) return;
        await desk.interrupt(listening, 'connection-lost');
        throw new AppError('listening.unknown', 'The live path is lost. Please join again.');
      }
      media.shift(listeningId, on);
      listening.way = on ? 'shifted' : 'live';
    },

    /** A person's own listening, if they still may hear it. Errors: those of the room, `listening.unknown`. */
    async heldBy(person: Person, listeningId: string): Promise<{ callId: string; delayMs: number | null }> {
      const listening = desk.own(person, listeningId);
      const delayMs = await desk.stillAdmitted(listening, person);
      return { callId: listening.callId, delayMs };
    },

    /** So much of the call, not handed out before, was read from disk for them. */
    handedOut(listeningId: string, audioMs: number): void {
      const listening = listenings.get(listeningId);
      if (!listening || audioMs <= 0) return;
      listening.proof.handOut(audioMs, desk.clock());
      desk.tellOthers(listening);
    },

    /** Those that hear from disk, and which call. */
    onDisk: () =>
      [...listenings.values()].filter(({ way }) => way !== 'live').map(({ id, callId }) => ({ id, callId })),

    /** Listeners of a call for whom the live plane holds nothing. */
    besideLive: (callId: string) =>
      [...listenings.values()].filter(
        (one) => one.callId === callId && (one.way === 'delayed' || one.way === 'severed'),
      ).length,

    isRunning: (listeningId: string) => listenings.has(listeningId),

    /** They have heard the call to its end. */
    async heardOut(listeningId: string): Promise<void> {
      const listening = listenings.get(listeningId);
      if (listening) await desk.finish(listening);
    },
  };
}
