import type { ConsumerDescription } from '#domains/calls/calls.ports.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import { persistently } from '#kernel/retry.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import type { HearingsStore } from './hearings.store.ts';
import type { LineReport } from './line-record.ts';
import type { ListenerMedia } from './listening.ports.ts';
import type { Listening } from './listening.ts';
import { Presences } from './presences.ts';
import type { RosterStore } from './roster.store.ts';

export type InterruptReason = 'media-restart' | 'slot-over' | 'seat-lost' | 'server-stop' | 'connection-lost';

export type ListeningEvents = {
  'roster-changed': { slotId: string };
  'listeners-changed': { callId: string };
  'listening-interrupted': { socketId: string; listeningId: string; callId: string; reason: InterruptReason };
  'consumer-added': { socketId: string; listeningId: string; consumer: ConsumerDescription };
  'consumer-closed': { socketId: string; listeningId: string; consumerId: string; legId: string };
  'hearing-began': { personId: string; socketId: string; slotId: string; callId: string };
  /** Sound flows for the first time, so many ms after it was asked for. */
  'hearing-flows': { ms: number };
  'line-reported': LineReport;
  'hearing-ended': { personId: string; socketId: string; slotId: string; callId: string };
};

export interface RunningListeningsNeeds {
  readonly media: ListenerMedia;
  readonly hearings: HearingsStore;
  readonly roster: RosterStore;
  readonly events: TypedEvents<ListeningEvents>;
  readonly instances: { readonly self: string; alive(instanceId: string): Promise<boolean> };
  readonly clock: Clock;
  readonly log: Log;
}

export const whoHears = ({ person, socketId, slotId, callId }: Listening) => ({
  ...{ personId: person.id, socketId, slotId, callId },
});

/** The listenings of this process, and how each comes to its end: no hearing stays open in the books. */
export class RunningListenings {
  readonly byId = new Map<string, Listening>();
  readonly presences: Presences;
  readonly #needs: RunningListeningsNeeds;
  /** Hearings that are over and are being written: the sweep must not take them for a dead process's. */
  readonly #finishing = new Set<string>();

  constructor(needs: RunningListeningsNeeds) {
    this.#needs = needs;
    const { roster, clock, events } = needs;
    this.presences = new Presences({
      ...{ roster, clock },
      heardBy: (socketId) => this.byId.values().find((one) => one.socketId === socketId)?.callId ?? null,
      onChange: (slotId) => events.emit('roster-changed', { slotId }),
    });
  }

  all(): Listening[] {
    return [...this.byId.values()];
  }

  of(socketId: string): Listening[] {
    return this.all().filter((one) => one.socketId === socketId);
  }

  /** Done when they hear, not at the join, where it would keep the newcomer's page busy. */
  readonly tellOthers = (listening: Listening): void => {
    if (listening.told) return;
    listening.told = true;
    const { events, clock } = this.#needs;
    events.emit('hearing-flows', { ms: clock() - listening.askedAt });
    void this.#tellOf(listening);
  };

  /** Ends one listening. The media goes first, then the record, which is kept up while the store is away. */
  readonly finish = async (listening: Listening): Promise<void> => {
    if (!this.byId.delete(listening.id)) return;
    const { media, hearings, events, clock, log } = this.#needs;
    events.emit('hearing-ended', whoHears(listening));
    const sent = await media.sent(listening.id).catch(() => ({ packets: 0 }));
    media.leave(listening.id);
    const endedAt = clock();
    listening.proof.measure(sent.packets, endedAt);
    const { kept } = listening.proof;
    const { packets } = kept;
    this.#finishing.add(listening.id);
    const line = listening.line.take(true);
    void persistently('finish hearing', () => hearings.finish(listening.id, endedAt, kept, line), {
      log,
      giveUp: (_, tries) => tries > 100,
    })
      .catch((error: unknown) => log.error({ listeningId: listening.id, err: error }, 'hearing not finished'))
      .finally(() => this.#finishing.delete(listening.id));
    log.info({ listeningId: listening.id, callId: listening.callId, packets }, 'listening ended');
    await this.#tellOf(listening);
  };

  /** Tells the listener first, so that the books are written while they join again. */
  readonly interrupt = async (listening: Listening, reason: InterruptReason): Promise<void> => {
    const finished = this.finish(listening);
    this.#needs.events.emit('listening-interrupted', {
      socketId: listening.socketId,
      listeningId: listening.id,
      callId: listening.callId,
      reason,
    });
    await finished;
  };

  /** Hearings whose server process died stop where sound was last seen going out: nobody knows of more. */
  async sweep(): Promise<void> {
    const { hearings, instances } = this.#needs;
    for (const hearing of await hearings.unfinished()) {
      if (this.byId.has(hearing.id) || this.#finishing.has(hearing.id)) continue;
      if (hearing.instanceId !== instances.self && (await instances.alive(hearing.instanceId))) continue;
      await hearings.close(hearing.id, hearing.lastPacketAt ?? hearing.startedAt);
    }
  }

  /** That the room is not told while Redis is away ends nobody's listening: the next settling renews it. */
  async #tellOf({ id, socketId, callId }: Listening): Promise<void> {
    try {
      await this.presences.refresh(socketId);
    } catch (error) {
      this.#needs.log.warn({ listeningId: id, err: error }, 'a roster was not written');
    }
    this.#needs.events.emit('listeners-changed', { callId });
  }
}
