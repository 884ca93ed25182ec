import { may } from '#contract/abilities.ts';
import type { QueryOf } from '#contract/endpoint.ts';
import type { Person } from '#contract/identity.ts';
import type { Action } from '#contract/meetings.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { SessionReport, sessionReportsEndpoints } from '#contract/session-reports.ts';
import { topics as tagTopics } from '#contract/tags.ts';
import { type Company, pathOf, teamOf, teamsWithin } from '#domains/businesses/businesses.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import { requireAbility } from '#domains/identity/require-ability.ts';
import type { HearingsService } from '#domains/listening/hearings.service.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';
import { AppError } from '#kernel/errors.ts';
import { type ReportedCall, reportOf, slotsOf } from './session-reports.ts';

export interface SessionReportsDependencies {
  readonly hearings: Pick<HearingsService, 'ofPersons'>;
  readonly calls: Pick<CallsService, 'byIds'>;
  readonly recordings: Pick<RecordingsService, 'ofCalls'>;
  /** How many moments a person marked between two instants. */
  readonly momentsOf: (
    personId: string,
    from: number,
    to: number,
  ) => Promise<readonly { slotId: string | null }[]>;
  readonly actionsOf: (personIds: readonly string[], from: number, to: number) => Promise<Action[]>;
  readonly company: () => Promise<Company>;
  readonly persons: (ids: Iterable<string>) => Promise<Map<string, Person>>;
}

type Query = QueryOf<typeof sessionReportsEndpoints.show>;

export type SessionReportsService = ReturnType<typeof createSessionReportsService>;

/** What came of listening, for a listener and for a business's team. */
export function createSessionReportsService(deps: SessionReportsDependencies) {
  /** Error `scope.denied`: only the teams of what one owns, unless one looks after all of them. */
  async function peopleOf(
    person: Person,
    company: Company,
    businessId: string | undefined,
  ): Promise<Person[]> {
    if (businessId === undefined) return [person];
    if (!company.businesses.some(({ id }) => id === businessId)) {
      throw new AppError('not-found', 'There is no such business.');
    }
    const decision = may(person, 'reports.read');
    const within = decision.allowed && decision.scope === 'all';
    if (!within && !teamsWithin(company, person.businessIds).has(businessId)) {
      throw new AppError('scope.denied', 'This team is outside your scope.');
    }
    return [...(await deps.persons(teamOf(company, businessId))).values()];
  }

  async function callsOf(callIds: readonly string[], company: Company): Promise<Map<string, ReportedCall>> {
    const [calls, recordings] = await Promise.all([
      deps.calls.byIds(callIds),
      deps.recordings.ofCalls(callIds),
    ]);
    const ofCall = new Map(recordings.map((recording) => [recording.callId, recording]));
    return new Map(
      calls.map((call) => {
        const recording = ofCall.get(call.id);
        const { scenarioId } = call.facts;
        const archived = recording?.state === 'archived';
        return [
          call.id,
          {
            id: call.id,
            lineId: call.lineId,
            startedAt: call.startedAt ?? call.openedAt,
            recordingId: archived ? recording.id : null,
            about: company.scenarios.find(({ id }) => id === scenarioId)?.name ?? null,
            topicIds: [...(scenarioId ? [scenarioId] : []), ...(recording?.tags ?? [])],
          },
        ];
      }),
    );
  }

  function namesOf(company: Company): Map<string, LocalText> {
    return new Map<string, LocalText>([
      ...company.scenarios.map(({ id, name }) => [id, name] as const),
      ...Object.entries(tagTopics),
    ]);
  }

  return {
    /** Errors: those of the contract. */
    async show(person: Person, { from, to, businessId, slotId }: Query): Promise<SessionReport> {
      const scope = requireAbility(person, 'reports.read');
      const company = await deps.company();
      const window = { from, to };
      const people = await peopleOf(person, company, businessId);
      const ids = people.map(({ id }) => id);
      const [all, made, given] = await Promise.all([
        deps.hearings.ofPersons(ids, window),
        Promise.all(ids.map((id) => deps.momentsOf(id, from, to))),
        deps.actionsOf(ids, from, to),
      ]);
      const here = <T extends { slotId: string | null }>(list: readonly T[]) =>
        slotId === undefined ? list : list.filter((one) => one.slotId === slotId);
      const hearings = here(all);
      const callIds = [...new Set(hearings.map(({ callId }) => callId))];
      const report = reportOf({
        window,
        people,
        hearings,
        calls: await callsOf(callIds, company),
        moments: new Map(ids.map((id, index) => [id, here(made[index] ?? []).length])),
        actions: given,
        topicNames: namesOf(company),
      });
      const teams =
        scope === 'all' ? company.businesses.map(({ id }) => id) : teamsWithin(company, person.businessIds);
      return {
        ...window,
        business: businessId === undefined ? null : { id: businessId, path: pathOf(company, businessId) },
        slotId: slotId ?? null,
        ...report,
        slots: slotsOf(all, window),
        teams: [...teams].map((id) => ({ id, path: pathOf(company, id) })),
      };
    },
  };
}
