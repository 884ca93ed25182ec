import { may } from '#contract/abilities.ts';
import type { Call, PausedBy } from '#contract/calls.ts';
import type { Person } from '#contract/identity.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import { persistently } from '#kernel/retry.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { CallMedia } from './calls.ports.ts';
import type { CallsService } from './calls.service.ts';
import type { CallsStore } from './calls.store.ts';
import type { CallEvents, PauseEndedBy, StoredCall } from './calls.ts';

export interface PausesDependencies {
  readonly store: CallsStore;
  readonly calls: CallsService;
  readonly media: CallMedia;
  readonly events: TypedEvents<CallEvents>;
  /** A pause that nobody ended ends by itself after this long. Milliseconds. */
  readonly maxMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

export type PausesService = ReturnType<typeof createPausesService>;

/**
 * Pauses of listening and capture, for what nobody but the two who talk may hear. Every doubt is settled in favour of
 * silence: the media stops before the books are written, and starts again only after they were.
 */
export function createPausesService(deps: PausesDependencies) {
  const { store, calls, media, events, clock, log } = deps;
  /** A call's pauses and resumes take turns: a call is carried by one process, this one. */
  const turns = new Map<string, Promise<unknown>>();
  const limits = new Map<string, NodeJS.Timeout>();

  function inTurn<T>(callId: string, act: () => Promise<T>): Promise<T> {
    const turn = (turns.get(callId) ?? Promise.resolve()).then(act, act);
    turns.set(callId, turn);
    const leave = () => {
      if (turns.get(callId) === turn) turns.delete(callId);
    };
    turn.then(leave, leave);
    return turn;
  }

  async function assertMayPause(person: Person, callId: string): Promise<PausedBy> {
    const decision = may(person, 'calls.pause');
    if (!decision.allowed) throw new AppError(decision.reason, 'Only the agent of a call may pause it.');
    if (decision.scope === 'all') return 'admin';
    const call = await calls.find(callId);
    if (call.agentId !== person.id)
      throw new AppError('ability.denied', 'Only the agent of this call may pause it.');
    return 'agent';
  }

  function endLater(callId: string, untilMs: number): void {
    clearTimeout(limits.get(callId));
    const timer = setTimeout(
      () => {
        limits.delete(callId);
        void persistently('end of the longest pause', () => resume(callId, 'limit'), {
          log,
          // Ended or resumed meanwhile: nothing is left to do.
          giveUp: (error) => error instanceof AppError && error.status < 500,
        }).catch((error: unknown) => {
          if (error instanceof AppError && error.status < 500) return;
          log.error({ callId, err: error }, 'a pause could not be ended');
        });
      },
      Math.max(0, untilMs - clock()),
    );
    timer.unref();
    limits.set(callId, timer);
  }

  const forgetLimit = (callId: string): void => {
    clearTimeout(limits.get(callId));
    limits.delete(callId);
  };

  function pause(callId: string, by: PausedBy): Promise<Call> {
    return inTurn(callId, async () => {
      await calls.findOpen(callId);
      media.pauseCall(callId, true);
      const since = clock();
      const call = await store.pause(callId, { since, until: since + deps.maxMs, by });
      if (!call?.pause) {
        // Throws `call.ended` if that is why.
        await calls.findOpen(callId);
        throw new AppError('call.paused', 'This call is paused already.');
      }
      endLater(callId, call.pause.until);
      events.emit('call-updated', { call });
      log.info({ callId, by }, 'call paused');
      return calls.present(call);
    });
  }

  function resume(callId: string, by: PauseEndedBy): Promise<Call> {
    return inTurn(callId, async () => {
      const open = await calls.findOpen(callId);
      const call = open.pause
        ? await store.resume(callId, open.pause, { endedAt: clock(), endedBy: by })
        : null;
      if (!call) {
        await calls.findOpen(callId);
        throw new AppError('call.not-paused', 'This call is not paused.');
      }
      media.pauseCall(callId, false);
      forgetLimit(callId);
      events.emit('call-updated', { call });
      log.info({ callId, by }, 'call resumed');
      return calls.present(call);
    });
  }

  events.on('call-ended', async ({ call }: { call: StoredCall }) => {
    forgetLimit(call.id);
    const { pause: running, endedAt } = call;
    if (!running || endedAt === null) return;
    await persistently('end pause', () => store.resume(call.id, running, { endedAt, endedBy: 'call-end' }), {
      log,
      giveUp: (_, tries) => tries > 100,
    });
  });

  return {
    pause,
    resume,
    /** Errors: `ability.denied` for all but the call's agent and admins; those of `pause`. */
    pauseAs: async (person: Person, callId: string) => pause(callId, await assertMayPause(person, callId)),
    resumeAs: async (person: Person, callId: string) => resume(callId, await assertMayPause(person, callId)),
  };
}
