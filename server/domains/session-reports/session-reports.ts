import type { Person } from '#contract/identity.ts';
import type { Action } from '#contract/meetings.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { ReportCall, ReportRow, SessionReport } from '#contract/session-reports.ts';
import { creditedMs, type Span } from '#domains/listening/credit.ts';
import type { Hearing } from '#domains/listening/listening.ts';

/** A call as a report shows it. */
export interface ReportedCall {
  readonly id: string;
  readonly lineId: string;
  readonly startedAt: number;
  readonly recordingId: string | null;
  readonly about: LocalText | null;
  /** Scenario and confirmed tags, by id. */
  readonly topicIds: readonly string[];
}

export interface ReportParts {
  readonly window: Span;
  readonly people: readonly Person[];
  readonly hearings: readonly Hearing[];
  readonly calls: ReadonlyMap<string, ReportedCall>;
  /** How many moments each person marked, by person. */
  readonly moments: ReadonlyMap<string, number>;
  readonly actions: readonly Action[];
  readonly topicNames: ReadonlyMap<string, LocalText>;
}

const callsShown = 200;

/** What a report says, from what is on record. Hearings that never reached anybody's ear count for nothing. */
export function reportOf(
  parts: ReportParts,
): Pick<SessionReport, 'total' | 'rows' | 'topics' | 'calls' | 'actions'> {
  const { window, people, calls, moments, actions, topicNames } = parts;
  const heard = parts.hearings.filter((hearing) => creditedMs([hearing], window) > 0);
  const rows = people.map((person): ReportRow => {
    const { id, name, title } = person;
    const own = heard.filter(({ personId }) => personId === id);
    const given = actions.filter(({ owner }) => owner.id === id);
    return {
      person: { id, name, title },
      ...sumsOf(own, window),
      moments: moments.get(id) ?? 0,
      actions: given.length,
      openActions: given.filter(({ state }) => state === 'open').length,
    };
  });
  const add = (of: (row: ReportRow) => number) => rows.reduce((sum, row) => sum + of(row), 0);
  const byCall = Map.groupBy(heard, ({ callId }) => callId);
  const shown = [...byCall].flatMap(([callId, ofCall]): ReportCall[] => {
    const call = calls.get(callId);
    if (!call) return [];
    const { recordingId, lineId, startedAt, about } = call;
    return [
      {
        ...{ callId, recordingId, lineId, startedAt, about },
        heardMs: personTime(ofCall, window),
        ways: [...new Set(ofCall.map(({ way }) => way))],
        people: new Set(ofCall.map(({ personId }) => personId)).size,
      },
    ];
  });
  const topics = new Map<string, number>();
  for (const callId of byCall.keys()) {
    for (const topicId of new Set(calls.get(callId)?.topicIds ?? [])) {
      topics.set(topicId, (topics.get(topicId) ?? 0) + 1);
    }
  }
  return {
    total: {
      people: rows.filter(({ calls: count }) => count > 0).length,
      calls: byCall.size,
      heardMs: add(({ heardMs }) => heardMs),
      liveMs: add(({ liveMs }) => liveMs),
      moments: add((row) => row.moments),
      actions: add((row) => row.actions),
      openActions: add(({ openActions }) => openActions),
    },
    rows: rows.sort((a, b) => b.heardMs - a.heardMs),
    topics: [...topics]
      .flatMap(([id, count]) => {
        const name = topicNames.get(id);
        return name ? [{ id, name, calls: count }] : [];
      })
      .sort((a, b) => b.calls - a.calls),
    calls: shown.sort((a, b) => b.startedAt - a.startedAt).slice(0, callsShown),
    actions: [...actions],
  };
}

/** The slots in which something of this was heard, the latest first. */
export function slotsOf(hearings: readonly Hearing[], window: Span): SessionReport['slots'] {
  const bySlot = Map.groupBy(
    hearings.filter((hearing) => creditedMs([hearing], window) > 0),
    ({ slotId }) => slotId,
  );
  return [...bySlot]
    .flatMap(([id, ofSlot]) => {
      if (id === null) return [];
      return [
        {
          id,
          lineId: ofSlot[0]!.lineId,
          startedAt: Math.min(...ofSlot.map(({ startedAt }) => startedAt)),
        },
      ];
    })
    .sort((a, b) => b.startedAt - a.startedAt);
}

function sumsOf(own: readonly Hearing[], window: Span) {
  return {
    calls: new Set(own.map(({ callId }) => callId)).size,
    heardMs: creditedMs(own, window),
    liveMs: creditedMs(
      own.filter(({ live }) => live),
      window,
    ),
  };
}

/** Of several people: the time of each, added up. */
function personTime(hearings: readonly Hearing[], window: Span): number {
  const byPerson = Map.groupBy(hearings, ({ personId }) => personId);
  return [...byPerson.values()].reduce((sum, own) => sum + creditedMs(own, window), 0);
}
