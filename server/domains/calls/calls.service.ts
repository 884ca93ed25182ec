import type { Call, CallEndReason, OpenCallRequest, RtpLegAddress, RtpLegRequest } from '#contract/calls.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import { persistently } from '#kernel/retry.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { CallMedia, RtpLegStats } from './calls.ports.ts';
import type { CallsStore } from './calls.store.ts';
import {
  type CallEvents,
  maskNumber,
  maxLegs,
  payloadTypeOf,
  presentCall,
  type StoredCall,
  type StoredLeg,
} from './calls.ts';

export interface CallsDependencies {
  readonly store: CallsStore;
  readonly media: CallMedia;
  readonly events: TypedEvents<CallEvents>;
  readonly lineExists: (lineId: string) => Promise<boolean>;
  readonly agentName: (agentId: string) => Promise<LocalText | null>;
  readonly listenersOf: (callId: string) => number;
  readonly instances: { readonly self: string; alive(instanceId: string): Promise<boolean> };
  readonly clock: Clock;
  readonly log: Log;
}

export type CallsService = ReturnType<typeof createCallsService>;

/** Calls from the telephony side: opened, fed by RTP, ended; and what everybody else may know of them. */
export function createCallsService(deps: CallsDependencies) {
  const { store, media, events, log, clock } = deps;

  const present = (call: StoredCall): Call => presentCall(call, deps.listenersOf(call.id));

  const find = async (callId: string): Promise<StoredCall> => {
    const call = await store.byId(callId);
    if (!call) throw new AppError('not-found', 'There is no such call.');
    return call;
  };

  const findOpen = async (callId: string): Promise<StoredCall> => {
    const call = await find(callId);
    if (call.state === 'ended') throw new AppError('call.ended', 'This call is over.');
    assertHere(call);
    return call;
  };

  function assertHere(call: StoredCall): void {
    if (call.instanceId !== deps.instances.self) {
      throw new AppError('call.elsewhere', 'Another server carries this call. Please ask that one.', {
        details: { instanceId: call.instanceId },
      });
    }
  }

  async function openRtpLeg(callId: string, request: RtpLegRequest): Promise<StoredLeg> {
    const legId = newId('leg');
    const rtp = await media.addRtpLeg(callId, {
      legId,
      role: request.role,
      codec: request.codec,
      payloadType: payloadTypeOf(request),
      telephoneEventPayloadType: request.telephoneEventPayloadType ?? 101,
      source: request.source,
    });
    return { id: legId, role: request.role, codec: request.codec, state: 'waiting', rtp };
  }

  function addresses(call: StoredCall): RtpLegAddress[] {
    return call.legs.flatMap((leg) =>
      leg.rtp ? [{ legId: leg.id, role: leg.role, codec: leg.codec, ...leg.rtp }] : [],
    );
  }

  /** When a call was heard whose start is not in the books yet. */
  const starting = new Map<string, number>();

  /** Doing it twice starts it once: the books decide. */
  async function start(callId: string, at: number): Promise<void> {
    const call = await store.start(callId, at);
    if (!call) return;
    events.emit('call-started', { call });
    log.info({ callId, lineId: call.lineId }, 'call started');
  }

  async function end(callId: string, reason: CallEndReason, at: number = clock()): Promise<StoredCall> {
    // The media path closes first: whatever becomes of the store, nobody hears a call that was hung up.
    await media.closeCall(callId);
    // A call that was heard while the store was away has begun before it ends, or it would have no recording.
    const heardAt = starting.get(callId);
    if (heardAt !== undefined) await start(callId, heardAt);
    const ended = await store.end(callId, at, reason);
    if (!ended) return find(callId);
    events.emit('call-ended', { call: ended });
    log.info(
      { callId, reason, seconds: ended.startedAt ? Math.round((at - ended.startedAt) / 1000) : 0 },
      'call ended',
    );
    return ended;
  }

  /** For ends that nobody waits for: kept up while the store is away. */
  function endInBackground(callId: string, reason: CallEndReason, at?: number): void {
    void persistently('end call', () => end(callId, reason, at), {
      log,
      giveUp: (error) => error instanceof AppError && error.code === 'not-found',
    }).catch((error: unknown) => log.error({ callId, err: error }, 'call could not be ended'));
  }

  media.on('call-heard', ({ callId, at }) => {
    starting.set(callId, at);
    void persistently('start call', () => start(callId, at), { log, giveUp: (_, tries) => tries > 50 })
      .catch((error: unknown) => log.error({ callId, err: error }, 'call could not be started'))
      .finally(() => starting.delete(callId));
  });
  media.on('leg-heard', ({ callId, legId }) => {
    void persistently('start leg', () => store.setLegState(callId, legId, 'live', ['waiting']), {
      log,
      giveUp: (_, tries) => tries > 50,
    }).then((call) => {
      if (call?.state === 'live') events.emit('call-updated', { call });
    });
  });
  media.on('call-silent', ({ callId, lastPacketAt }) =>
    endInBackground(callId, 'media-timeout', lastPacketAt),
  );

  return {
    present,
    find,
    findOpen,
    end,

    async open(
      request: OpenCallRequest,
    ): Promise<{ callId: string; externalId: string; legs: RtpLegAddress[] }> {
      for (const leg of request.legs) payloadTypeOf(leg);
      if (!(await deps.lineExists(request.lineId))) {
        throw new AppError('not-found', 'There is no such line.', { details: { lineId: request.lineId } });
      }
      const agentName = request.agentId ? await deps.agentName(request.agentId) : null;
      const callId = newId('call', clock());
      await media.openCall(callId);
      try {
        const legs = await Promise.all(request.legs.map((leg) => openRtpLeg(callId, leg)));
        const { call, inserted } = await store.insert({
          id: callId,
          externalId: request.externalId,
          lineId: request.lineId,
          state: 'open',
          origin: 'rtp',
          agentId: request.agentId ?? null,
          agentName,
          customerMasked: maskNumber(request.customerNumber),
          facts: request.facts ?? {},
          legs,
          instanceId: deps.instances.self,
          customerTokenHash: null,
          customerTokenExpiresAt: null,
          openedAt: clock(),
          startedAt: null,
          endedAt: null,
          endReason: null,
        });
        if (inserted) {
          events.emit('call-opened', { call });
          log.info({ callId, lineId: call.lineId, legs: legs.length }, 'call opened');
        } else {
          await media.closeCall(callId);
          if (call.state === 'ended')
            throw new AppError('call.ended', 'A call with this external id is over.');
        }
        return { callId: call.id, externalId: call.externalId, legs: addresses(call) };
      } catch (error) {
        await media.closeCall(callId);
        throw error;
      }
    },

    async addLeg(callId: string, request: RtpLegRequest): Promise<RtpLegAddress> {
      payloadTypeOf(request);
      await findOpen(callId);
      const leg = await openRtpLeg(callId, request);
      const call = await store.addLeg(callId, leg, maxLegs);
      if (!call || !leg.rtp) {
        media.holdLeg(callId, leg.id, true);
        throw new AppError('call.legs', `A call has at most ${maxLegs} legs.`);
      }
      events.emit('call-updated', { call });
      return { legId: leg.id, role: leg.role, codec: leg.codec, ...leg.rtp };
    },

    async holdLeg(callId: string, legId: string, hold: boolean) {
      const open = await findOpen(callId);
      const leg = open.legs.find((candidate) => candidate.id === legId);
      if (!leg) throw new AppError('not-found', 'This call has no such leg.');
      media.holdLeg(callId, legId, hold);
      const heard = media.legStats(callId).find((stats) => stats.legId === legId)?.lastPacketAt != null;
      const call = await store.setLegState(
        callId,
        legId,
        hold ? 'held' : heard || leg.rtp === null ? 'live' : 'waiting',
        hold ? ['waiting', 'live'] : ['held'],
      );
      if (call) events.emit('call-updated', { call });
      const now = (call ?? (await find(callId))).legs.find((candidate) => candidate.id === legId) ?? leg;
      return { id: now.id, role: now.role, codec: now.codec, state: now.state };
    },

    /** The telephony side hangs up. */
    async hangUp(callId: string, reason: CallEndReason): Promise<Call> {
      const call = await find(callId);
      if (call.state === 'ended') return present(call);
      assertHere(call);
      return present(await end(callId, reason));
    },

    async show(callId: string): Promise<Call & { legStats: RtpLegStats[] }> {
      const call = await find(callId);
      const here = call.state !== 'ended' && call.instanceId === deps.instances.self;
      return { ...present(call), legStats: here ? media.legStats(callId) : [] };
    },

    /** Live calls of these lines, the youngest first; null means of all lines. */
    async live(lineIds: readonly string[] | null): Promise<Call[]> {
      return (await store.live(lineIds)).map(present);
    },
    /** The same with what is not for people's eyes: which server carries a call. */
    liveStored: (lineIds: readonly string[] | null): Promise<StoredCall[]> => store.live(lineIds),

    forget: (callId: string) => store.forget(callId),
    endedBetween: (from: number, to: number) => store.endedBetween(from, to),
    ofAgentSince: (agentId: string, since: number) => store.ofAgentSince(agentId, since),
    byIds: (ids: readonly string[]) => store.byIds(ids),

    /** Ends calls whose server process is gone; their audio up to then is with the recorder. */
    async sweep(): Promise<number> {
      let swept = 0;
      for (const call of await store.notEnded()) {
        if (await deps.instances.alive(call.instanceId)) continue;
        const ended = await store.end(call.id, clock(), 'server-stop');
        if (!ended) continue;
        swept += 1;
        events.emit('call-ended', { call: ended });
        log.warn({ callId: call.id, instanceId: call.instanceId }, 'ended a call whose server is gone');
      }
      return swept;
    },

    /** At an orderly stop: the calls this process carries end, so that their recordings are sealed. */
    async endOwn(): Promise<void> {
      const own = (await store.notEnded()).filter((call) => call.instanceId === deps.instances.self);
      await Promise.all(own.map((call) => end(call.id, 'server-stop')));
    },
  };
}
