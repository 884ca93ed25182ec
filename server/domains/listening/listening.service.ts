import type { Call } from '#contract/calls.ts';
import type { Person } from '#contract/identity.ts';
import type { RosterEntry } from '#contract/listening.ts';
import type { Slot } from '#contract/seats.ts';
import type { ConsumerDescription, MediaDescription } from '#domains/calls/calls.ports.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import { type CallEvents, nextCall, type StoredCall } from '#domains/calls/calls.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import { inGroups } from '#kernel/in-groups.ts';
import type { TypedEvents } from '#kernel/typed-events.ts';
import { assertHeardFromSeat, followScope } from './follow.ts';
import { fromDisk } from './from-disk.ts';
import { HearingProof } from './hearing-proof.ts';
import { LineRecord, type LineReport } from './line-record.ts';
import {
  admitToRoom,
  assertSlotRuns,
  gone,
  heardLater,
  heardLive,
  hearsLater,
  type Listening,
  liveHearing,
} from './listening.ts';
import { RunningListenings, type RunningListeningsNeeds, whoHears } from './running-listenings.ts';

export interface ListeningDependencies extends RunningListeningsNeeds {
  readonly calls: CallsService;
  /** The slot as this person sees it, with their own reservation in `mine`. Error: `not-found`. */
  readonly slotFor: (person: Person, slotId: string) => Promise<Slot>;
  /** The lines that the owner map gives a person. */
  readonly ownedLines: (personId: string) => Promise<readonly string[]>;
  /** How far behind delayed seats hear, ms. */
  readonly delayMs: number;
  readonly callEvents: TypedEvents<CallEvents>;
}

export type ListeningService = ReturnType<typeof createListeningService>;

/** The live room: who is in it, who hears which call, decided here at every step. */
export function createListeningService(deps: ListeningDependencies) {
  const { media, calls, hearings, roster, events, clock, log } = deps;
  const running = new RunningListenings(deps);
  const { byId: listenings, presences, finish, interrupt, tellOthers } = running;

  const delayOf = (person: Person, slot: Slot): number | null =>
    hearsLater(person, slot) ? deps.delayMs : null;

  async function admit(person: Person, slotId: string) {
    return admitToRoom(person, await deps.slotFor(person, slotId), clock());
  }

  function own(person: Person, listeningId: string): Listening {
    const listening = listenings.get(listeningId);
    if (!listening || listening.person.id !== person.id) {
      throw gone();
    }
    return listening;
  }

  async function callFor(
    person: Person,
    slot: Slot,
    callId: string | undefined,
    current: string | undefined,
  ): Promise<StoredCall> {
    if (callId === undefined) {
      const live = await calls.live([slot.lineId]);
      const next = nextCall(live, current) ?? nextCall(live);
      if (!next) throw new AppError('listening.none-live', 'No call is live on this line right now.');
      return calls.findOpen(next.id);
    }
    const call = await calls.findOpen(callId);
    if (call.lineId !== slot.lineId) {
      assertHeardFromSeat(followScope(person, slot.lineId, await deps.ownedLines(person.id)), call.lineId);
    }
    if (call.state !== 'live') throw new AppError('listening.none-live', 'Nobody speaks on this call yet.');
    return call;
  }

  media.on('interrupted', ({ listeningId, reason }) => {
    const listening = listenings.get(listeningId);
    // Whoever hears from disk goes on hearing.
    if (listening?.way === 'shifted') listening.way = 'severed';
    else if (listening) void interrupt(listening, reason);
  });
  media.on('consumer-added', ({ listeningId, consumer }) => {
    const listening = listenings.get(listeningId);
    if (listening) events.emit('consumer-added', { socketId: listening.socketId, listeningId, consumer });
  });
  media.on('consumer-closed', ({ listeningId, consumerId, legId }) => {
    const listening = listenings.get(listeningId);
    if (listening)
      events.emit('consumer-closed', { socketId: listening.socketId, listeningId, consumerId, legId });
  });
  deps.callEvents.on('call-ended', async ({ call }) => {
    // Whoever hears from disk is behind, and hears the rest.
    const over = running.all().filter((one) => one.callId === call.id && one.way === 'live');
    await Promise.all(over.map(finish));
  });

  /** Whether they still may, asked again; else the listening is over. Errors: those of the room. */
  async function stillAdmitted(listening: Listening, person: Person): Promise<number | null> {
    try {
      const { slot } = await admit(person, listening.slotId);
      const delayMs = delayOf(person, slot);
      if (listening.way !== 'delayed' && delayMs !== null) throw heardLater();
      if (listening.lineId === slot.lineId) return delayMs;
      assertHeardFromSeat(
        followScope(person, slot.lineId, await deps.ownedLines(person.id)),
        listening.lineId,
      );
      return delayMs;
    } catch (error) {
      if (error instanceof AppError && error.status < 500) {
        await interrupt(listening, error.code === 'slot.over' ? 'slot-over' : 'seat-lost');
      }
      throw error;
    }
  }

  /**
   * One seat, one presence: joining ends whatever this person heard before, in whichever window. Nobody hears what is
   * not on record: the hearing is written before anything can be heard.
   */
  async function begin<T>(
    person: Person,
    input: { slotId: string; callId?: string | undefined },
    socketId: string,
    way: 'live' | 'delayed',
    open: (listening: Listening) => Promise<T>,
  ): Promise<{ listeningId: string; call: Call; offer: T }> {
    const { slot, host } = await admit(person, input.slotId);
    if (hearsLater(person, slot) !== (way === 'delayed')) throw way === 'live' ? heardLater() : heardLive();
    assertSlotRuns(slot, clock());
    const call = await callFor(person, slot, input.callId, running.of(socketId)[0]?.callId);
    // Until there is none: another window may join in the same moment.
    const mine = () => running.all().filter((one) => one.person.id === person.id);
    // Whoever hears makes room by it; anybody else need not be written down only to be refused.
    if (way === 'live' && mine().length === 0) media.assertRoom(call.id);
    while (mine().length > 0) {
      await Promise.all(
        mine().map((one) => (one.socketId === socketId ? finish(one) : interrupt(one, 'seat-lost'))),
      );
    }
    const now = clock();
    const id = newId('hear', now);
    const listening: Listening = {
      ...{ id, person, socketId, slotId: slot.id, callId: call.id, lineId: call.lineId, way },
      proof: new HearingProof(now),
      line: new LineRecord(),
      askedAt: now,
      told: false,
    };
    listenings.set(id, listening);
    events.emit('hearing-began', whoHears(listening));
    if (!presences.of(socketId)) presences.set(socketId, { person, slotId: slot.id, host });
    const hearing = liveHearing({ id, person, call, slotId: slot.id, now, instanceId: deps.instances.self });
    try {
      const [offer] = await Promise.all([open(listening), hearings.insert(hearing)]);
      // In a crowd opening takes its turn: who left meanwhile, or lost the seat, was let go before there was a transport.
      if (!listenings.has(id)) throw gone();
      log.info({ listeningId: id, callId: call.id, slotId: slot.id, way }, 'listening joined');
      return { listeningId: id, call: calls.present(call), offer };
    } catch (error) {
      if (listenings.delete(id)) events.emit('hearing-ended', whoHears(listening));
      media.leave(id);
      throw error;
    }
  }

  async function settleOne(listening: Listening): Promise<void> {
    if (!listenings.has(listening.id)) return;
    const line = listening.line.take();
    try {
      await admit(listening.person, listening.slotId);
      const sent = await media.sent(listening.id);
      listening.proof.measure(sent.packets, clock());
      await hearings.touch(listening.id, listening.proof.kept, line);
    } catch (error) {
      listening.line.giveBack(line);
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      await interrupt(listening, error.code === 'slot.over' ? 'slot-over' : 'seat-lost');
    }
  }

  return {
    routerRtpCapabilities: () => media.routerRtpCapabilities(),
    delayOf,

    async enter(person: Person, slotId: string, socketId: string) {
      const { slot, host } = await admit(person, slotId);
      const before = presences.of(socketId);
      if (before && before.slotId !== slotId) await this.exit(socketId);
      presences.set(socketId, { person, slotId, host });
      await presences.write(socketId);
      const [live, people] = await Promise.all([calls.live([slot.lineId]), roster.list(slotId, clock())]);
      events.emit('roster-changed', { slotId });
      return { slot, calls: live, roster: people, now: clock() };
    },

    async exit(socketId: string): Promise<void> {
      await Promise.all(running.of(socketId).map(finish));
      await presences.remove(socketId);
    },

    rosterOf: (slotId: string): Promise<RosterEntry[]> => roster.list(slotId, clock()),

    /** Errors: those of the room and of its slot, `listening.delayed`, `listening.none-live`, those of the media. */
    async join(
      person: Person,
      input: { slotId: string; callId?: string | undefined; rtpCapabilities: Record<string, unknown> },
      socketId: string,
    ): Promise<{
      listeningId: string;
      call: Call;
      transport: MediaDescription;
      consumers: ConsumerDescription[];
    }> {
      const { rtpCapabilities } = input;
      const { offer, ...joined } = await begin(person, input, socketId, 'live', ({ id, callId }) =>
        media.join({ listeningId: id, callId, rtpCapabilities }),
      );
      return { listeningId: joined.listeningId, call: joined.call, ...offer };
    },

    /** From disk, and never otherwise. Errors: as `join`; `ability.denied` where they hear live. */
    async joinDelayed(
      person: Person,
      input: { slotId: string; callId?: string | undefined },
      socketId: string,
    ): Promise<{ listeningId: string; call: Call; delayMs: number }> {
      const { offer: _, ...joined } = await begin(person, input, socketId, 'delayed', async () => undefined);
      return { ...joined, delayMs: deps.delayMs };
    },

    ...fromDisk({ listenings, media, clock, own, stillAdmitted, interrupt, finish, tellOthers }),

    async connect(
      person: Person,
      listeningId: string,
      dtlsParameters: Record<string, unknown>,
    ): Promise<void> {
      await media.connect(own(person, listeningId).id, dtlsParameters);
    },

    /** Packets flow from here: the seat is looked at once more. */
    async resume(person: Person, listeningId: string, consumerIds?: readonly string[]): Promise<void> {
      const listening = own(person, listeningId);
      await stillAdmitted(listening, person);
      await media.resume(listening.id, consumerIds);
      if (listening.way === 'live') tellOthers(listening);
    },

    restartIce: (person: Person, listeningId: string): Promise<Record<string, unknown>> =>
      media.restartIce(own(person, listeningId).id),

    async leave(person: Person, listeningId: string): Promise<void> {
      const listening = listenings.get(listeningId);
      if (listening && listening.person.id === person.id) await finish(listening);
    },

    quality(person: Person, listeningId: string, report: LineReport & { receivedPackets: number }): void {
      const listening = own(person, listeningId);
      const { receivedPackets, ...line } = report;
      listening.proof.report(receivedPackets);
      listening.line.add(line, clock());
      events.emit('line-reported', line);
    },

    running: () => listenings.size,

    /** Every few seconds: seats that were lost or are over end their listening; presences and counts are renewed. */
    async settle(): Promise<void> {
      try {
        await inGroups(running.all(), settleOne);
      } finally {
        await presences.renew();
      }
    },

    sweep: (): Promise<void> => running.sweep(),

    async stop(): Promise<void> {
      await Promise.all(running.all().map((one) => interrupt(one, 'server-stop')));
    },
  };
}
