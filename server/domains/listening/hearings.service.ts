import { may } from '#contract/abilities.ts';
import type { Line, LineNotice } from '#contract/businesses.ts';
import type { Call } from '#contract/calls.ts';
import type { BodyOf, ResponseOf } from '#contract/endpoint.ts';
import type { HeardBy, HearingWay, hearingsEndpoints } from '#contract/hearings.ts';
import type { Person } from '#contract/identity.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import { endOfDay, quarterOf } from '#kernel/zoned-days.ts';
import { creditedMs, handOut, judge, type Span } from './credit.ts';
import type { HearingsStore } from './hearings.store.ts';
import { lineHistories } from './line-histories.ts';
import type { Hearing } from './listening.ts';
import { daysOf, isHearing, isTold, present, withoutRepeats } from './notices.ts';

export interface HearingsDependencies {
  readonly store: HearingsStore;
  readonly calls: CallsService;
  readonly lines: () => Promise<readonly Line[]>;
  /** The people who own a business or something below it. */
  readonly team: (businessId: string) => Promise<ReadonlySet<string>>;
  /** What the programme asks of every listener in a quarter, hours. */
  readonly hoursAQuarter: number;
  readonly instanceId: string;
  readonly clock: Clock;
}

/** How far back an agent's own calls go, and how far the list of who heard them; one page of it. Milliseconds. */
const agentListMs = 24 * 3_600_000;
const heardMeMs = 180 * 24 * 3_600_000;
const heardMePage = 100;
const daysShownMs = 7 * 24 * 3_600_000;
/** The longest a hearing that began before a window may reach into it, ms; as many hearings are read at once. */
const longestHearingMs = 12 * 3_600_000;
const mostHearings = 20_000;

/** Under what an archived call is heard, and why where it lies outside the person's scope. */
export interface ReplayContext {
  readonly way: Exclude<HearingWay, 'live'>;
  readonly wayId: string | null;
  readonly reason: string | null;
}

export type HearingsService = ReturnType<typeof createHearingsService>;

/** Who heard what: written before anything is heard, shown to agents and beside every recording. */
export function createHearingsService(deps: HearingsDependencies) {
  const { store, calls, clock } = deps;

  async function lineOf(lineId: string): Promise<{ notice: LineNotice; zone: string }> {
    const line = (await deps.lines()).find(({ id }) => id === lineId);
    // A line that is no more keeps nothing from its agents.
    return line ?? { notice: 'live', zone: 'UTC' };
  }

  /** Of these calls, newest first: everything that was a hearing. */
  async function hearingsOf(callIds: readonly string[]): Promise<Map<string, Hearing[]>> {
    const all = withoutRepeats((await store.ofCalls(callIds)).filter(isHearing));
    return Map.groupBy(all, ({ callId }) => callId);
  }

  return {
    ...lineHistories(deps),

    heardBy: async (callId: string): Promise<HeardBy[]> =>
      ((await hearingsOf([callId])).get(callId) ?? []).map(present),

    /** Replay of an archived call is about to be made possible. Answers the hearing, which its player reports to. */
    async recordReplay(
      person: Person,
      recording: { id: string; callId: string; lineId: string; agentId: string | null },
      context: ReplayContext = { way: 'replay', wayId: null, reason: null },
    ): Promise<{ hearingId: string }> {
      const now = clock();
      const id = newId('hear', now);
      await store.insert({
        id,
        personId: person.id,
        personName: person.name,
        personTitle: person.title,
        callId: recording.callId,
        recordingId: recording.id,
        agentId: recording.agentId,
        lineId: recording.lineId,
        slotId: null,
        live: false,
        ...context,
        startedAt: now,
        endedAt: now,
        packets: 0,
        lastPacketAt: null,
        heard: [],
        instanceId: deps.instanceId,
      });
      return { hearingId: id };
    },

    /**
     * A player says what it has played since the hearing began; told twice it counts once. Credited is no more than the
     * time that went by, and no part of the recording twice. Error: `not-found`.
     */
    async played(
      person: Person,
      hearingId: string,
      { ranges }: BodyOf<typeof hearingsEndpoints.played>,
    ): Promise<{ creditedMs: number }> {
      for (let attempt = 0; attempt < 3; attempt++) {
        const hearing = await store.byId(hearingId);
        if (!hearing || hearing.live || hearing.personId !== person.id) {
          throw new AppError('not-found', 'There is no such hearing of yours.');
        }
        const before = hearing.replay ?? null;
        const spans = ranges.map(({ fromMs, toMs }): Span => ({ from: fromMs, to: toMs }));
        const playedMs = Math.max(before?.playedMs ?? 0, creditedMs([{ heard: spans }]));
        const at = clock();
        const ledger = handOut(
          {
            at: before?.judgedAt ?? hearing.startedAt,
            packets: 0,
            inHandMs: before?.inHandMs ?? 0,
            heard: hearing.heard,
          },
          playedMs - (before?.playedMs ?? 0),
        );
        const judged = judge(ledger, { at, received: null, sent: 0 });
        // Nothing new: an idle page proves nothing, and moves no stop.
        if (judged === ledger) return { creditedMs: creditedMs([hearing]) };
        const replay = { judgedAt: judged.at, playedMs, inHandMs: judged.inHandMs };
        const next = { replay, heard: judged.heard, endedAt: at };
        if (await store.progress(hearingId, before?.judgedAt ?? null, next)) {
          return { creditedMs: creditedMs([judged]) };
        }
      }
      return { creditedMs: creditedMs([(await store.byId(hearingId)) ?? { heard: [] }]) };
    },

    /** Error: `ability.denied` for those who listen to nothing. */
    async hours(person: Person): Promise<ResponseOf<typeof hearingsEndpoints.hours>> {
      const listens = may(person, 'calls.listen').allowed || may(person, 'recordings.replay').allowed;
      if (!listens) throw new AppError('ability.denied', 'Only listeners have listening hours.');
      const window = quarterOf(clock(), (await deps.lines())[0]?.zone ?? 'UTC');
      const hearings = await this.ofPersons([person.id], window);
      return {
        ...window,
        creditedMs: creditedMs(hearings, window),
        liveMs: creditedMs(
          hearings.filter(({ live }) => live),
          window,
        ),
        dutyMs: deps.hoursAQuarter * 3_600_000,
      };
    },

    /** For reports: what these people heard in the window, or reaching into it; newest first. */
    ofPersons: (personIds: readonly string[], { from, to }: Span): Promise<Hearing[]> =>
      store.ofPersons(personIds, { from: from - longestHearingMs, to }, mostHearings),
    ofSlot: (slotId: string): Promise<Hearing[]> => store.ofSlot(slotId, mostHearings),

    /** The agent's own calls of the last day, the ones that are not over first, each with who heard it. */
    async agentCalls(agentId: string): Promise<(Call & { heardBy: HeardBy[]; notice: LineNotice })[]> {
      const now = clock();
      const own = await calls.ofAgentSince(agentId, now - agentListMs);
      const heard = await hearingsOf(own.map((call) => call.id));
      const shown = await Promise.all(
        own.map(async (call) => {
          const line = await lineOf(call.lineId);
          const context = { ...line, callEnded: call.state === 'ended', now };
          const told = (heard.get(call.id) ?? []).filter((hearing) => isTold(hearing, context));
          const { listeners, ...rest } = calls.present(call);
          return {
            ...rest,
            listeners: line.notice === 'live' ? listeners : 0,
            heardBy: told.map(present),
            notice: line.notice,
          };
        }),
      );
      return shown.sort(
        (a, b) => Number(a.state === 'ended') - Number(b.state === 'ended') || b.openedAt - a.openedAt,
      );
    },

    /** Everything an agent may know by now of who heard their calls. Error: `ability.denied`. */
    async heardMe(
      agent: Person,
      { before }: { before?: number | undefined },
    ): Promise<ResponseOf<typeof hearingsEndpoints.ofMe>> {
      const decision = may(agent, 'softphone.answer');
      if (!decision.allowed) throw new AppError(decision.reason, 'Only agents have a desk.');
      const now = clock();
      const reach = { from: now - heardMeMs, before: before ?? now + 1 };
      const page = await store.ofAgent(agent.id, reach, heardMePage);
      const told = await toldOf(page, now);
      const zones = await Promise.all(agent.lineIds.map(lineOf));
      const summed = zones.find(({ notice }) => notice === 'digest');
      return {
        hearings: withoutRepeats(told).map((hearing) => {
          const { call, id, callId, lineId } = hearing;
          return {
            ...{ id, callId, lineId },
            ...present(hearing),
            callStartedAt: call?.startedAt ?? null,
            facts: call?.facts ?? {},
          };
        }),
        days:
          before === undefined ? daysOf(told.filter(({ startedAt }) => startedAt > now - daysShownMs)) : [],
        next: page.length === heardMePage ? (page.at(-1)?.startedAt ?? null) : null,
        digestAt: summed ? endOfDay(now, summed.zone) : null,
      };
    },

    /** May whoever works on this line see how many listen, while they do? */
    isTellingLive: async (lineId: string): Promise<boolean> => (await lineOf(lineId)).notice === 'live',
  };

  /** Those of an agent's hearings that may be told by now, each with its call and the line's zone. */
  async function toldOf(hearings: readonly Hearing[], now: number) {
    const ofId = new Map(
      (await calls.byIds([...new Set(hearings.map(({ callId }) => callId))])).map((call) => [call.id, call]),
    );
    const judged = await Promise.all(
      hearings.filter(isHearing).map(async (hearing) => {
        const line = await lineOf(hearing.lineId);
        const call = ofId.get(hearing.callId);
        const callEnded = call === undefined || call.state === 'ended';
        return isTold(hearing, { ...line, callEnded, now }) ? [{ ...hearing, zone: line.zone, call }] : [];
      }),
    );
    return judged.flat();
  }
}
