import { setTimeout } from 'node:timers/promises';
import type { Call } from '#contract/calls.ts';
import type { Person } from '#contract/identity.ts';
import type { FollowedPause } from '#contract/spool-follow.ts';
import { waveformStepMs } from '#contract/time-shift.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import type { StoredCall } from '#domains/calls/calls.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import type { ListeningService } from './listening.service.ts';
import type { CallSpools } from './time-shift.ports.ts';
import {
  allPauses,
  delayedLimits,
  HandedOut,
  type Limits,
  noLimits,
  pausesWithin,
  waveformWithin,
  withinLimits,
} from './time-shift.ts';

/** A call that nobody fetches from is kept at its recorders by a word this often, ms: they forget after a minute. */
const keepEveryMs = 20_000;
/** Who has all of an ended call has heard it out after this long without going back; who only left it lying, later. ms */
const heardOutMs = 60_000;
const leftLyingMs = 600_000;
/** Who asks for what is not there yet is answered so much later, with more: a player at the edge would ask all the time. */
const littleMs = 200;
const laterMs = 300;
/** An end that no recorder saw (its server died) is believed this long after it, ms. */
const unseenEndMs = 5_000;

export interface TimeShiftDependencies {
  readonly listening: ListeningService;
  readonly calls: Pick<CallsService, 'find' | 'byIds'>;
  readonly spools: CallSpools;
  /** How far a pause reaches back for those who hear later, ms; no further than they are behind. */
  readonly reachBackMs: number;
  /** The clock that stamps packets. */
  readonly clock: Clock;
  readonly log: Log;
}

/** What is remembered of a listening from disk. */
interface Shifted {
  readonly handedOut: HandedOut;
  askedAt: number;
  keptAt: number;
  /** All of the call, which is over, was handed out. */
  hasAll: boolean;
}

export type TimeShiftService = ReturnType<typeof createTimeShiftService>;

/**
 * Hearing a call from disk while it is live. Whether and how far somebody may hear is decided here at every request;
 * nothing of what a client says but its place in the call is taken for given.
 */
export function createTimeShiftService(deps: TimeShiftDependencies) {
  const { listening, calls, spools, clock, log } = deps;
  const shifted = new Map<string, Shifted>();

  function noteOf(listeningId: string): Shifted {
    let note = shifted.get(listeningId);
    if (!note) {
      note = { handedOut: new HandedOut(), askedAt: clock(), keptAt: clock(), hasAll: false };
      shifted.set(listeningId, note);
    }
    return note;
  }

  async function opened(person: Person, listeningId: string) {
    const { callId, delayMs } = await listening.heldBy(person, listeningId);
    const note = noteOf(listeningId);
    // Before the books are read: of what is old enough by now they know every pause.
    const now = clock();
    note.askedAt = note.keptAt = now;
    const call = await calls.find(callId);
    if (call.startedAt === null) {
      throw new AppError('shift.unavailable', 'Nothing of this call has been heard yet.');
    }
    const at = { callId, zeroMs: call.startedAt };
    const limits = (known: readonly FollowedPause[]) => limitsOf(call, delayMs, now, known);
    return { note, call, at, limits };
  }

  /** What this listener may hear of the call now. Pauses are taken from the spool and from the books: what either knows. */
  function limitsOf(
    call: StoredCall,
    delayMs: number | null,
    now: number,
    known: readonly FollowedPause[],
  ): Limits {
    if (delayMs === null) return noLimits;
    const zeroMs = call.startedAt ?? 0;
    const inBooks = [...(call.pauses ?? []), ...(call.pause ? [call.pause] : [])].map((pause) => ({
      fromMs: Math.max(0, pause.since - zeroMs),
      toMs: 'endedAt' in pause ? Math.max(0, Number(pause.endedAt) - zeroMs) : null,
    }));
    return delayedLimits({
      nowMs: now - zeroMs,
      delayMs,
      reachBackMs: deps.reachBackMs,
      pauses: allPauses(known, inBooks),
    });
  }

  const isOver = (call: StoredCall, ended: boolean): boolean =>
    ended || (call.state === 'ended' && clock() - (call.endedAt ?? 0) > unseenEndMs);

  async function answerNow(
    person: Person,
    { listeningId, fromMs, toMs }: { listeningId: string; fromMs: number; toMs: number },
  ) {
    const { note, call, at, ...own } = await opened(person, listeningId);
    const found = await spools.audio(at, fromMs, toMs);
    const limits = own.limits(found.pauses);
    const edgeMs = Math.min(found.edgeMs, limits.untilMs);
    const complete = Math.max(fromMs, Math.min(found.toMs, toMs, edgeMs));
    const bytes = withinLimits(found.bytes, { fromMs, toMs: Math.max(complete, fromMs) }, limits);
    const ended = isOver(call, found.ended) && edgeMs >= found.edgeMs;
    if (ended && complete >= edgeMs) note.hasAll = true;
    listening.handedOut(listeningId, note.handedOut.add(fromMs, complete));
    return { bytes, fromMs, toMs: complete, edgeMs, ended };
  }

  return {
    async shift(person: Person, listeningId: string, on: boolean): Promise<void> {
      await listening.shift(person, listeningId, on);
      if (on) noteOf(listeningId);
    },

    async joinDelayed(
      person: Person,
      input: { slotId: string; callId?: string | undefined },
      socketId: string,
    ): Promise<{ listeningId: string; call: Call; delayMs: number }> {
      const joined = await listening.joinDelayed(person, input, socketId);
      noteOf(joined.listeningId);
      return joined;
    },

    async audio(person: Person, asked: { listeningId: string; fromMs: number; toMs: number }) {
      const answer = await answerNow(person, asked);
      if (answer.ended || answer.toMs - asked.fromMs >= Math.min(littleMs, asked.toMs - asked.fromMs)) {
        return answer;
      }
      await setTimeout(laterMs);
      return answerNow(person, asked);
    },

    async waveform(person: Person, { listeningId, fromMs }: { listeningId: string; fromMs: number }) {
      const { at, ...own } = await opened(person, listeningId);
      const found = await spools.waveform(at, fromMs);
      const limits = own.limits(found.pauses);
      return {
        fromMs: found.fromMs,
        stepMs: waveformStepMs,
        agent: waveformWithin(found.agent, found.fromMs, limits),
        customer: waveformWithin(found.customer, found.fromMs, limits),
        edgeMs: Math.min(found.edgeMs, limits.untilMs),
        pauses: pausesWithin(found.pauses, limits),
      } as const;
    },

    /** Every few seconds: recorders are asked to keep what is not fetched just now; who has heard out has finished. */
    async settle(): Promise<void> {
      for (const id of shifted.keys()) if (!listening.isRunning(id)) shifted.delete(id);
      const now = clock();
      const idle = listening.onDisk().filter(({ id }) => now - noteOf(id).keptAt > keepEveryMs);
      if (idle.length === 0) return;
      const known = await calls.byIds([...new Set(idle.map(({ callId }) => callId))]);
      const callOf = new Map(known.map((call) => [call.id, call]));
      for (const { id, callId } of idle) {
        const note = noteOf(id);
        const call = callOf.get(callId);
        const over = !call || call.state === 'ended';
        if (over && now - note.askedAt > (note.hasAll ? heardOutMs : leftLyingMs)) {
          shifted.delete(id);
          await listening.heardOut(id);
          continue;
        }
        note.keptAt = now;
        if (call?.startedAt == null) continue;
        await spools
          .keep({ callId, zeroMs: call.startedAt })
          .catch((error: unknown) => log.debug({ callId, err: error }, 'no recorder holds this call now'));
      }
    },
  };
}
