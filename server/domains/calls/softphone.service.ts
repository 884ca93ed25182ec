import { createHash } from 'node:crypto';
import type { Call } from '#contract/calls.ts';
import type { Person } from '#contract/identity.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { newId, newSecret } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { CallMedia, SoftphoneMedia } from './calls.ports.ts';
import type { CallsService } from './calls.service.ts';
import type { CallsStore } from './calls.store.ts';
import type { CallEvents, StoredCall, StoredLeg } from './calls.ts';

/** A customer link that nobody followed is worthless after this long. Milliseconds. */
const linkLifetimeMs = 30 * 60_000;

export type CallSide = 'agent' | 'customer';

export interface SoftphoneDependencies {
  readonly store: CallsStore;
  readonly calls: CallsService;
  readonly callMedia: CallMedia;
  readonly media: SoftphoneMedia;
  readonly events: TypedEvents<CallEvents>;
  readonly lineName: (lineId: string) => Promise<LocalText | null>;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly log: Log;
}

export type SoftphoneService = ReturnType<typeof createSoftphoneService>;

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

/** Browser calls: an agent's page on one side, the holder of a one-time link on the other. */
export function createSoftphoneService(deps: SoftphoneDependencies) {
  const { store, calls, media, clock } = deps;
  /** Which socket speaks for a side now, so that a late goodbye of an old one does not cut off the new one. */
  const sockets = new Map<string, string>();
  const sideKey = (callId: string, side: CallSide) => `${callId}/${side}`;

  function legOf(call: StoredCall, side: CallSide): StoredLeg {
    const leg = call.legs.find((candidate) => candidate.role === side);
    if (!leg || call.origin !== 'softphone') throw new AppError('not-found', 'This is not a browser call.');
    return leg;
  }

  async function byToken(token: string): Promise<StoredCall> {
    const call = await store.byCustomerTokenHash(hashOf(token));
    if (!call)
      throw new AppError('customer-link.unknown', 'This link is not known. Please ask for a new one.');
    const unused = call.state === 'open' && (call.customerTokenExpiresAt ?? 0) < clock();
    if (call.state === 'ended' || unused) {
      throw new AppError('customer-link.used', 'This link was for one call, and that call is over.');
    }
    return call;
  }

  /** The call, if this socket's owner takes part in it on that side. */
  async function ownCall(
    callId: string,
    owner: { side: CallSide; personId?: string; customerCallId?: string },
  ) {
    const call = await calls.findOpen(callId);
    const mine =
      owner.side === 'agent'
        ? call.origin === 'softphone' && call.agentId === owner.personId
        : call.id === owner.customerCallId;
    if (!mine) throw new AppError('ability.denied', 'Only the two who talk may use this call.');
    return { call, leg: legOf(call, owner.side) };
  }

  return {
    ownCall,
    capabilities: () => media.routerRtpCapabilities(),

    async open(
      agent: Person,
      input: { lineId: string; scenarioId?: string | undefined },
    ): Promise<{
      call: Call;
      customerPath: string;
      expiresAt: number;
    }> {
      if (!(await deps.lineName(input.lineId))) throw new AppError('not-found', 'There is no such line.');
      const now = clock();
      const callId = newId('call', now);
      const token = newSecret();
      const leg = (role: CallSide): StoredLeg => ({
        id: newId('leg'),
        role,
        codec: 'opus',
        state: 'waiting',
        rtp: null,
      });
      await deps.callMedia.openCall(callId);
      try {
        const { call } = await store.insert({
          id: callId,
          externalId: callId,
          lineId: input.lineId,
          state: 'open',
          origin: 'softphone',
          agentId: agent.id,
          agentName: agent.name,
          customerMasked: '',
          facts: input.scenarioId ? { scenarioId: input.scenarioId } : {},
          legs: [leg('agent'), leg('customer')],
          instanceId: deps.instanceId,
          customerTokenHash: hashOf(token),
          customerTokenExpiresAt: now + linkLifetimeMs,
          openedAt: now,
          startedAt: null,
          endedAt: null,
          endReason: null,
        });
        deps.events.emit('call-opened', { call });
        deps.log.info({ callId, lineId: call.lineId }, 'browser call opened');
        return { call: calls.present(call), customerPath: `/c/${token}`, expiresAt: now + linkLifetimeMs };
      } catch (error) {
        await deps.callMedia.closeCall(callId);
        throw error;
      }
    },

    /** For the gateway: which call may the holder of this token join? */
    async resolveCustomer(token: string): Promise<{ callId: string } | null> {
      if (!/^[A-Za-z0-9_-]{32}$/.test(token)) return null;
      const call = await byToken(token).catch(() => null);
      return call ? { callId: call.id } : null;
    },

    async link(token: string): Promise<{ callId: string; lineName: LocalText; state: 'ready' | 'live' }> {
      const call = await byToken(token);
      const lineName = await deps.lineName(call.lineId);
      if (!lineName)
        throw new AppError('customer-link.unknown', 'This link is not known. Please ask for a new one.');
      return { callId: call.id, lineName, state: call.state === 'live' ? 'live' : 'ready' };
    },

    async hangUpByAgent(agent: Person, callId: string): Promise<Call> {
      const call = await calls.find(callId);
      if (call.origin !== 'softphone' || call.agentId !== agent.id)
        throw new AppError('not-found', 'There is no such call.');
      return calls.hangUp(callId, 'hang-up');
    },

    async join(
      callId: string,
      owner: { side: CallSide; personId?: string; customerCallId?: string },
      socketId: string,
      rtpCapabilities: Record<string, unknown>,
    ) {
      const { call, leg } = await ownCall(callId, owner);
      const offer = await media.joinSide({ callId, legId: leg.id, role: owner.side, rtpCapabilities });
      sockets.set(sideKey(callId, owner.side), socketId);
      return { call: calls.present(call), legId: leg.id, role: owner.side, ...offer };
    },

    /** A socket went away: its side falls silent; the call ends by hang-up or when its media stopped for long. */
    async socketGone(callId: string, side: CallSide, socketId: string): Promise<void> {
      const key = sideKey(callId, side);
      if (sockets.get(key) !== socketId) return;
      sockets.delete(key);
      const call = await calls.find(callId);
      if (call.state !== 'ended') media.leaveSide(callId, legOf(call, side).id);
    },

    /** Which browser call's side a socket speaks for, if any. */
    sidesOf(socketId: string): { callId: string; side: CallSide }[] {
      return [...sockets].flatMap(([key, held]) => {
        if (held !== socketId) return [];
        const [callId, side] = key.split('/') as [string, CallSide];
        return [{ callId, side }];
      });
    },

    socketOf: (callId: string, side: CallSide): string | undefined => sockets.get(sideKey(callId, side)),

    callEnded(callId: string): void {
      sockets.delete(sideKey(callId, 'agent'));
      sockets.delete(sideKey(callId, 'customer'));
    },

    async sideOfLeg(callId: string, legId: string): Promise<CallSide | null> {
      const call = await store.byId(callId);
      const role = call?.legs.find((leg) => leg.id === legId)?.role;
      return role === 'agent' || role === 'customer' ? role : null;
    },
  };
}
