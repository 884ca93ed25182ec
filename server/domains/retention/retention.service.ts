import type { BodyOf, QueryOf, ResponseOf } from '#contract/endpoint.ts';
import type { Person } from '#contract/identity.ts';
import type {
  HoldScope,
  LegalHold,
  RetentionEvent,
  RetentionPolicy,
  RetentionPreview,
  RetentionRule,
  retentionEndpoints,
} from '#contract/retention.ts';
import { requireAbility } from '#domains/identity/require-ability.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import { createDueRecordings, type DueDependencies } from './due-recordings.service.ts';
import { classOf, dueAt, floorAt, holdsOn, policyFor, withDraft, withOwn } from './retention.ts';

/** What is due is deleted so often, by one of the servers. Milliseconds. */
const runEveryMs = 3_600_000;

export interface RetentionDependencies extends DueDependencies {
  readonly lineExists: (lineId: string) => Promise<boolean>;
}

export type RetentionService = ReturnType<typeof createRetentionService>;
type Endpoints = typeof retentionEndpoints;

/** How long recordings are kept, what keeps them longer, and what makes them go. */
export function createRetentionService(deps: RetentionDependencies) {
  const { store, recordings, deletions, clock, log } = deps;
  const due = createDueRecordings(deps);

  const policiesNow = async () => withOwn(await store.policies());
  const actorOf = ({ id, name }: Person) => ({ id, name });

  async function find(recordingId: string): Promise<StoredRecording> {
    const recording = await recordings.byId(recordingId);
    if (!recording) throw new AppError('not-found', 'There is no such recording.');
    return recording;
  }

  async function expectLine(lineId: string | null | undefined): Promise<void> {
    if (lineId == null || (await deps.lineExists(lineId))) return;
    throw new AppError('not-found', 'There is no such line.', { details: { lineId } });
  }

  const trail = (
    event: Pick<RetentionEvent, 'at' | 'by' | 'action' | 'reason'> & Partial<RetentionEvent>,
  ): Promise<void> => store.record({ recordingId: null, before: null, after: null, ...event });

  return {
    /** By the schedule: goes on with deletions, and orders those that are due if it is time. */
    async tend(): Promise<void> {
      await deletions.resume();
      await due.run(clock() - runEveryMs);
    },

    /** Error `ability.denied`. */
    async policies(person: Person): Promise<ResponseOf<Endpoints['policies']>> {
      requireAbility(person, 'retention.read');
      return { policies: await policiesNow() };
    },

    /** Errors `ability.denied`, `not-found` (no such line). */
    async savePolicy(person: Person, body: BodyOf<Endpoints['savePolicy']>): Promise<RetentionPolicy> {
      requireAbility(person, 'retention.manage');
      await expectLine(body.rule.lineId);
      const at = clock();
      const before = (await store.policies()).find(
        ({ lineId, recordingClass }) =>
          lineId === body.rule.lineId && recordingClass === body.rule.recordingClass,
      );
      const by = actorOf(person);
      const policy = await store.savePolicy(body.rule, { updatedAt: at, updatedBy: by });
      const reason = body.reason;
      await trail({ at, by, action: 'policy-saved', reason, before: plain(before), after: plain(policy) });
      log.info({ policyId: policy.id, personId: person.id }, 'retention policy saved');
      return policy;
    },

    /** Errors `ability.denied`, `not-found`. */
    async removePolicy(person: Person, id: string, reason: string): Promise<{ policies: RetentionPolicy[] }> {
      requireAbility(person, 'retention.manage');
      const removed = await store.removePolicy(id);
      if (!removed) throw new AppError('not-found', 'There is no such policy.');
      const by = actorOf(person);
      await trail({ at: clock(), by, action: 'policy-removed', reason, before: plain(removed) });
      return { policies: await policiesNow() };
    },

    /** A dry run. Error `ability.denied`. */
    async preview(person: Person, body: BodyOf<Endpoints['preview']>): Promise<RetentionPreview> {
      requireAbility(person, 'retention.read');
      const set = await store.policies();
      const policies = body.draft ? withDraft(set, body.draft as RetentionRule) : withOwn(set);
      return due.preview(body.at ?? clock(), policies, body.limit);
    },

    /** Error `ability.denied`. */
    async holds(person: Person, { released }: QueryOf<Endpoints['holds']>): Promise<{ holds: LegalHold[] }> {
      requireAbility(person, 'retention.read');
      return { holds: await (released === 'true' ? store.allHolds() : store.openHolds()) };
    },

    /** Errors `ability.denied`, `not-found` (what it names). */
    async placeHold(
      person: Person,
      { scope, reason }: { scope: HoldScope; reason: string },
    ): Promise<ResponseOf<Endpoints['placeHold']>> {
      requireAbility(person, 'retention.hold');
      await expectLine(scope.lineId);
      if (scope.recordingId !== undefined) await find(scope.recordingId);
      const at = clock();
      const by = actorOf(person);
      const hold: LegalHold = {
        id: newId('hold', at),
        scope,
        reason,
        placedAt: at,
        placedBy: by,
        released: null,
      };
      // First the hold, then the count: what is not counted as too late was not on its way when the hold was there.
      await store.insertHold(hold);
      const [covered, tooLate] = await Promise.all([
        recordings.countCovered(scope, ['capturing', 'captured', 'sealed', 'archived', 'failed']),
        recordings.countCovered(scope, ['deleting', 'deleted']),
      ]);
      const recordingId = scope.recordingId ?? null;
      await trail({ at, by, action: 'hold-placed', recordingId, reason, after: plain(hold) });
      log.info({ holdId: hold.id, personId: person.id, covered, tooLate }, 'legal hold placed');
      return { hold, covered, tooLate };
    },

    /** Errors `ability.denied`, `not-found`. */
    async releaseHold(person: Person, id: string, reason: string): Promise<LegalHold> {
      requireAbility(person, 'retention.hold');
      const at = clock();
      const by = actorOf(person);
      const outcome = await store.releaseHold(id, { at, by, reason });
      if (!outcome) throw new AppError('not-found', 'There is no such hold.');
      const { hold, now } = outcome;
      if (now) {
        const recordingId = hold.scope.recordingId ?? null;
        await trail({ at, by, action: 'hold-released', recordingId, reason, after: { holdId: hold.id } });
        log.info({ holdId: hold.id, personId: person.id }, 'legal hold released');
      }
      return hold;
    },

    /** Errors `ability.denied`, `not-found`. */
    async recording(person: Person, id: string): Promise<ResponseOf<Endpoints['recording']>> {
      requireAbility(person, 'retention.read');
      const recording = await find(id);
      const policy = policyFor(await policiesNow(), recording);
      const { deletion } = recording;
      return {
        recordingId: id,
        recordingClass: classOf(recording),
        policy,
        floorAt: floorAt(recording, policy),
        dueAt: dueAt(recording, policy),
        holds: holdsOn(await store.openHolds(), recording),
        deletion: deletion ? { ...deletion, files: [...deletion.files] } : null,
      };
    },

    /** Errors `ability.denied`, `not-found`, `recording.deleted`. */
    async classify(
      person: Person,
      id: string,
      { recordingClass, reason }: BodyOf<Endpoints['classify']>,
    ): Promise<ResponseOf<Endpoints['classify']>> {
      requireAbility(person, 'retention.manage');
      const recording = await find(id);
      if (!(await recordings.classify(id, recordingClass))) {
        throw new AppError('recording.deleted', 'This recording was deleted.');
      }
      const change = { before: { recordingClass: classOf(recording) }, after: { recordingClass } };
      await trail({
        at: clock(),
        by: actorOf(person),
        action: 'class-changed',
        recordingId: id,
        reason,
        ...change,
      });
      return { recordingId: id, recordingClass };
    },

    /** Errors `ability.denied`, `not-found`, `recording.held`, `recording.too-young`, `recording.not-ready`. */
    async deleteRecording(
      person: Person,
      id: string,
      reason: string,
    ): Promise<ResponseOf<Endpoints['deleteRecording']>> {
      requireAbility(person, 'retention.manage');
      const recording = await find(id);
      const floor = floorAt(recording, policyFor(await policiesNow(), recording));
      const gone = recording.state === 'deleting' || recording.state === 'deleted';
      if (!gone && clock() < floor) {
        throw new AppError('recording.too-young', 'Its policy keeps this recording for longer.', {
          details: { floorAt: floor },
        });
      }
      const order = { by: `person:${person.id}`, actor: actorOf(person), reason };
      return { recordingId: id, state: await deletions.order(recording, order) };
    },

    /** Orders what is due now. Error `ability.denied`. */
    async runNow(person: Person): Promise<{ queued: number }> {
      requireAbility(person, 'retention.manage');
      return { queued: (await due.run(clock())) ?? 0 };
    },

    /** Error `ability.denied`. */
    async events(
      person: Person,
      { before, limit }: QueryOf<Endpoints['events']>,
    ): Promise<ResponseOf<Endpoints['events']>> {
      requireAbility(person, 'retention.read');
      const events = await store.events(before ?? null, limit);
      const last = events.at(-1);
      return {
        events,
        nextBefore: last && last.sequence > 1 && events.length === limit ? last.sequence : null,
      };
    },
  };
}

/** A copy without anything but data, for the trail. */
function plain(value: object | undefined): Record<string, unknown> | null {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Record<string, unknown>);
}
