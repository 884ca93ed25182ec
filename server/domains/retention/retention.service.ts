import type { BodyOf, QueryOf, ResponseOf } from '#contract/endpoint.ts';
import type { Person } from '#contract/identity.ts';
import type {
  HoldScope,
  LegalHold,
  RetentionEvent,
  RetentionItem,
  RetentionPolicy,
  RetentionPreview,
  RetentionRule,
  retentionEndpoints,
} from '#contract/retention.ts';
import { requireAbility } from '#domains/identity/require-ability.ts';
import type { StoredRecording } from '#domains/recordings/recordings.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { newId } from '#kernel/ids.ts';
import type { Log } from '#kernel/log.ts';
import type { Deletions } from './deletions.service.ts';
import type { RecordingRows } from './retention.ports.ts';
import type { RetentionStore } from './retention.store.ts';
import {
  classOf,
  dayMs,
  dueAt,
  floorAt,
  holdsOn,
  policyFor,
  reachOf,
  withDraft,
  withOwn,
} from './retention.ts';

/** What is due is deleted so often, by one of the servers. Milliseconds. */
const runEveryMs = 3_600_000;
/** A run that dies is another's after this. Milliseconds. */
const runLeaseMs = 10 * 60_000;
/** More than this waits for the next run, a minute later, so that a new policy does not flood the workers at once. */
const ordinaryRun = 500;
/** Recordings read at a time. */
const batch = 500;

export interface RetentionDependencies {
  readonly store: RetentionStore;
  readonly recordings: RecordingRows;
  readonly deletions: Deletions;
  readonly lineExists: (lineId: string) => Promise<boolean>;
  /** Deletions that one run orders. 500 unless told. */
  readonly perRun?: number;
  readonly clock: Clock;
  readonly log: Log;
}

export type RetentionService = ReturnType<typeof createRetentionService>;
type Endpoints = typeof retentionEndpoints;

/** How long recordings are kept, what keeps them longer, and what makes them go. */
export function createRetentionService(deps: RetentionDependencies) {
  const { store, recordings, deletions, clock, log, perRun = ordinaryRun } = deps;

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

  /** What has reached a policy's ceiling at that instant, the oldest first, with the holds on it. */
  async function* reached(policy: RetentionPolicy, policies: readonly RetentionPolicy[], at: number) {
    if (policy.ceilingDays === null) return;
    const holds = await store.openHolds();
    const reach = reachOf(policy, policies);
    let after: { startedAt: number; id: string } | null = null;
    for (;;) {
      const rows = await recordings.reachedBy(reach, at - policy.ceilingDays * dayMs, after, batch);
      for (const recording of rows) yield { recording, holds: holdsOn(holds, recording) };
      const last = rows.at(-1);
      if (!last || rows.length < batch) return;
      after = { startedAt: last.startedAt, id: last.id };
    }
  }

  async function preview(
    at: number,
    policies: readonly RetentionPolicy[],
    limit: number,
  ): Promise<RetentionPreview> {
    const [due, held] = [noSum(), noSum()];
    const byPolicy: RetentionPreview['byPolicy'] = [];
    const items: RetentionItem[] = [];
    for (const policy of policies) {
      const own = { policy, due: noSum(), held: noSum() };
      for await (const { recording, holds } of reached(policy, policies, at)) {
        const item = itemOf(recording, policy, holds);
        for (const sum of holds.length > 0 ? [held, own.held] : [due, own.due])
          add(sum, recording, item.bytes);
        items.push(item);
        // However many are due, only the longest due ones are kept in memory.
        if (items.length >= 2 * limit) longestDue(items, limit);
      }
      byPolicy.push(own);
    }
    longestDue(items, limit);
    return { at, due, held, byPolicy, items };
  }

  /** Orders the deletion of what is due; answers how many were ordered and whether there is more. */
  async function deleteDue(): Promise<{ queued: number; more: boolean }> {
    const policies = await policiesNow();
    let queued = 0;
    for (const policy of policies) {
      for await (const { recording, holds } of reached(policy, policies, clock())) {
        if (holds.length > 0) continue;
        if (queued >= perRun) return { queued, more: true };
        const reason = `older than ${policy.ceilingDays} days`;
        try {
          await deletions.order(recording, { by: `policy:${policy.id}`, actor: null, reason });
          queued += 1;
        } catch (error) {
          // A hold or another server was first.
          if (!(error instanceof AppError && error.blame === 'caller')) throw error;
          log.info({ recordingId: recording.id, code: error.code }, 'not deleted');
        }
      }
    }
    return { queued, more: false };
  }

  async function run(notSince: number): Promise<number | null> {
    const now = clock();
    if (!(await store.claimRun(now, now + runLeaseMs, notSince))) return null;
    let more = true;
    try {
      const outcome = await deleteDue();
      more = outcome.more;
      if (outcome.queued > 0) log.info({ queued: outcome.queued, more }, 'retention run');
      return outcome.queued;
    } finally {
      await store.endRun(clock(), more);
    }
  }

  return {
    /** By the schedule: goes on with deletions, and orders those that are due if it is time. */
    async tend(): Promise<void> {
      await deletions.resume();
      await run(clock() - runEveryMs);
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
      return preview(body.at ?? clock(), policies, body.limit);
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
      return { queued: (await run(clock())) ?? 0 };
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

type Sum = RetentionPreview['due'];
const noSum = (): Sum => ({ recordings: 0, bytes: 0, seconds: 0 });

function longestDue(items: RetentionItem[], limit: number): void {
  items.sort((a, b) => a.dueAt - b.dueAt);
  items.length = Math.min(items.length, limit);
}

function add(sum: Sum, recording: StoredRecording, bytes: number): void {
  sum.recordings += 1;
  sum.bytes += bytes;
  sum.seconds += (recording.durationMs ?? 0) / 1_000;
}

function itemOf(
  recording: StoredRecording,
  policy: RetentionPolicy,
  holds: readonly LegalHold[],
): RetentionItem {
  return {
    recordingId: recording.id,
    lineId: recording.lineId,
    recordingClass: classOf(recording),
    startedAt: recording.startedAt,
    bytes: recording.files.reduce((sum, { bytes }) => sum + bytes, 0),
    policyId: policy.id,
    dueAt: dueAt(recording, policy) ?? 0,
    holds: holds.map(({ id, reason }) => ({ id, reason })),
  };
}

/** A copy without anything but data, for the trail. */
function plain(value: object | undefined): Record<string, unknown> | null {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Record<string, unknown>);
}
