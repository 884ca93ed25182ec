import type { QueryOf, ResponseOf } from '#contract/endpoint.ts';
import type { Person } from '#contract/identity.ts';
import type { ArchiveFinding, FindingKind, operationsEndpoints } from '#contract/operations.ts';
import type { CallsService } from '#domains/calls/calls.service.ts';
import { requireAbility } from '#domains/identity/require-ability.ts';
import {
  archiveJobOf,
  decodeCursor,
  encodeCursor,
  type StoredRecording,
  sealJobOf,
} from '#domains/recordings/recordings.ts';
import { AppError } from '#kernel/errors.ts';
import { type DayWalk, nextDay, type WalkSources, walkDay } from './archive-walk.ts';
import type { Spools } from './integrity.ports.ts';
import type { IntegrityStore } from './integrity.store.ts';
import { dayMs, dayOf, judgeSpooled, type SpooledCall, unknownGraceMs } from './integrity.ts';
import { createMending, type MendingDependencies } from './mending.ts';

/** How often the archive is looked through, by one of the servers. Milliseconds. */
export const sweepEveryMs = 10 * 60_000;
/** Servers that start one after the other need not all look. Milliseconds. */
const restMs = 60_000;
/** The newest days are looked at in every sweep: that is where things go wrong. */
const newestDays = 3;
/** Days of the rest of the archive that one sweep looks at; the next one goes on there. */
const olderDays = 20;
/** A sweep that dies is another's after this; one that lives renews it with every day it has been through. */
const leaseMs = 5 * 60_000;
const forgetMendedMs = 90 * dayMs;

export interface IntegrityDependencies extends MendingDependencies {
  readonly calls: Pick<CallsService, 'endedBetween'>;
  readonly spools: Spools;
  /** Writes down and seals a call that has ended, of which only spools know; false when it cannot be known whose it is. */
  readonly adopt: (callId: string, spoolIds: readonly string[]) => Promise<boolean>;
  readonly instanceId: string;
}

export type IntegrityService = ReturnType<typeof createIntegrityService>;

/**
 * Whether spools, database and bucket agree. A sweep compares them, mends what can be mended from a spool, and lists
 * the rest; it deletes nothing but parts of uploads that nobody ended.
 */
export function createIntegrityService(deps: IntegrityDependencies) {
  const { store, recordings, queues, bucket, clock, log } = deps;
  const sources: WalkSources = {
    bucket,
    byIds: (ids) => recordings.byIds(ids),
    byCalls: (ids) => recordings.byCalls(ids),
    startedBetween: (...range) => recordings.startedBetween(...range),
    firstStartFrom: (from) => recordings.firstStartFrom(from),
    endedCalls: (from, to) => deps.calls.endedBetween(from, to),
  };

  async function spooledCalls(): Promise<Map<string, SpooledCall>> {
    const spooled = new Map<string, SpooledCall>();
    for (const { spoolId, calls } of await deps.spools()) {
      for (const call of calls) spooled.set(`${spoolId}/${call.callId}`, { spoolId, ...call });
    }
    return spooled;
  }

  const { sealAgain, mendObject, eraseRemains } = createMending(deps);

  async function settleDay(walk: DayWalk, inSpool: (callId: string) => boolean, startedAt: number) {
    const now = clock();
    const drafts = [];
    for (const draft of walk.drafts) {
      const aboutObject = draft.kind === 'object-missing' || draft.kind === 'object-size';
      let state: ArchiveFinding['state'] = 'open';
      if (aboutObject) state = await mendObject(draft, inSpool, now);
      else if (draft.kind === 'object-unknown') state = await eraseRemains(draft.recordingId);
      drafts.push({ ...draft, canRetry: draft.canRetry && (!aboutObject || state === 'mending'), state });
    }
    for (const recording of walk.foundAgain) {
      await recordings.move(recording.id, ['failed'], 'archived', { stateAt: now, failure: null });
      log.warn({ recordingId: recording.id }, 'what was missing is in the archive again');
    }
    await store.seen(`day:${walk.day}`, drafts, now);
    await store.mendUnseen(`day:${walk.day}`, startedAt, now);
  }

  async function settleSpools(spooled: ReadonlyMap<string, SpooledCall>, startedAt: number): Promise<void> {
    const now = clock();
    const calls = [...spooled.values()];
    const rows = new Map<string, StoredRecording>();
    for (let at = 0; at < calls.length; at += 200) {
      const ids = calls.slice(at, at + 200).map(({ callId }) => callId);
      for (const row of await recordings.byCalls(ids)) rows.set(row.callId, row);
    }
    const drafts = [];
    for (const call of calls) {
      const draft = judgeSpooled(call, rows.get(call.callId) ?? null, now);
      if (!draft) continue;
      let state = await eraseRemains(draft.recordingId);
      if (draft.kind === 'spool-unknown') {
        const holders = calls.filter(({ callId }) => callId === call.callId).map(({ spoolId }) => spoolId);
        if (await deps.adopt(call.callId, holders)) state = 'mending';
      }
      drafts.push({ ...draft, state });
    }
    await store.seen('spools', drafts, now);
    await store.mendUnseen('spools', startedAt, now);
  }

  async function settleUploads(startedAt: number): Promise<void> {
    const now = clock();
    const stale = await bucket.staleUploads(now - unknownGraceMs);
    for (const upload of stale) {
      await bucket.abortUpload(upload);
      log.warn({ key: upload.key }, 'parts of an upload that nobody ended are cleared away');
    }
    const drafts = stale.map((upload) => ({
      kind: 'upload-stale' as const,
      subject: upload.uploadId,
      recordingId: null,
      callId: null,
      lineId: null,
      key: upload.key,
      detail: { startedAt: upload.startedAt },
      canRetry: false,
      state: 'mending' as const,
    }));
    await store.mendUnseen('uploads', startedAt, now);
    await store.seen('uploads', drafts, now);
  }

  const holder = deps.instanceId;
  /** What this server looks through; a stop waits for it. */
  let running: Promise<void> = Promise.resolve();
  let stopping = false;

  /** Of all servers one gets it; `notSince`: nor does anybody when a sweep was begun after that. */
  async function claim(notSince: number) {
    const startedAt = clock();
    const claimed = await store.claim({ holder, now: startedAt, until: startedAt + leaseMs, notSince });
    return claimed && { startedAt, walkedTo: claimed.walkedTo };
  }

  async function lookThrough({ startedAt, walkedTo }: { startedAt: number; walkedTo: string | null }) {
    try {
      const spooled = await spooledCalls();
      const withSpool = new Set([...spooled.values()].map(({ callId }) => callId));
      const inSpool = (callId: string) => withSpool.has(callId);
      await settleSpools(spooled, startedAt);
      await settleUploads(startedAt);
      const today = Math.floor(startedAt / dayMs);
      const newest = Array.from({ length: newestDays }, (_, back) => dayOf((today - back) * dayMs));
      const visit = async (day: string, walked: Parameters<IntegrityStore['renew']>[1]) => {
        const walk = await walkDay(day, sources, { now: clock(), inSpool });
        await settleDay(walk, inSpool, startedAt);
        const { recordings: rows, objects } = walk;
        return store.renew(holder, { until: clock() + leaseMs, ...walked }, { recordings: rows, objects });
      };
      for (const day of newest) if (stopping || !(await visit(day, {}))) return;

      let day = walkedTo;
      for (let count = 0; count < olderDays; count++) {
        day = await nextDay(day, sources);
        if (day === null || newest.includes(day)) {
          await store.renew(holder, { walkedTo: null, wholeAt: clock() }, { recordings: 0, objects: 0 });
          break;
        }
        if (stopping || !(await visit(day, { walkedTo: day }))) return;
      }
      await store.forgetMendedBefore(clock() - forgetMendedMs);
    } finally {
      await store.release(holder, clock());
    }
  }

  return {
    /**
     * By the schedule, or at a server's start: looks everything through if it is time and no other server does;
     * answers whether it did.
     */
    async sweep(when: 'schedule' | 'start' = 'schedule'): Promise<boolean> {
      const claimed = await claim(clock() - (when === 'start' ? restMs : sweepEveryMs * 0.9));
      if (!claimed) return false;
      running = lookThrough(claimed);
      await running;
      return true;
    },

    /** Error `ability.denied`. Answers as soon as it has begun; false when a sweep runs already. */
    async sweepNow(person: Person): Promise<{ started: boolean }> {
      requireAbility(person, 'operations.retry');
      const claimed = await claim(clock());
      if (!claimed) return { started: false };
      running = lookThrough(claimed).catch((err: unknown) => {
        log.warn({ err }, 'a sweep of the archive failed');
      });
      return { started: true };
    },

    /** Breaks off after the day that is being looked through; another server, or this one later, goes on. */
    async stop(): Promise<void> {
      stopping = true;
      await running.catch(() => undefined);
    },

    async findings(
      person: Person,
      query: QueryOf<typeof operationsEndpoints.archiveFindings>,
    ): Promise<ResponseOf<typeof operationsEndpoints.archiveFindings>> {
      requireAbility(person, 'operations.read');
      const mark = query.cursor ? decodeCursor(query.cursor) : null;
      if (query.cursor && !mark) throw new AppError('request.invalid', 'This page mark is not one of ours.');
      const after = mark && { at: mark.startedAt, id: mark.id };
      const [found, open, state] = await Promise.all([
        store.page(query, after, query.limit + 1),
        store.openByKind(),
        store.sweepState(),
      ]);
      const findings = found.slice(0, query.limit);
      const last = findings.at(-1);
      const { walkedTo: _, ...sweepState } = state;
      return {
        findings,
        nextCursor:
          found.length > query.limit && last
            ? encodeCursor({ startedAt: last.lastSeenAt, id: last.id })
            : null,
        open,
        sweep: sweepState,
      };
    },

    /** Errors `ability.denied`, `not-found`, `recording.deleted`, `recording.no-retry`. */
    async retry(
      person: Person,
      recordingId: string,
    ): Promise<ResponseOf<typeof operationsEndpoints.retryRecording>> {
      requireAbility(person, 'operations.retry');
      const recording = await recordings.byId(recordingId);
      if (!recording) throw new AppError('not-found', 'There is no such recording.');
      const { state } = recording;
      if (state === 'deleting' || state === 'deleted') {
        throw new AppError('recording.deleted', 'This recording was deleted.');
      }
      log.info({ recordingId, state, personId: person.id }, 'a retry was asked for');
      if (state === 'captured') await queues.enqueueSeal(sealJobOf(recording));
      else if (state === 'sealed') await queues.enqueueArchive(archiveJobOf(recording));
      else if (state === 'failed' || (await canBeMended(recording))) {
        if (await sealAgain(recording)) return { state: 'captured' };
      } else {
        throw new AppError('recording.no-retry', 'There is nothing to be tried again with this recording.', {
          details: { state },
        });
      }
      await store.mending(recordingId);
      return { state: (await recordings.byId(recordingId))?.state ?? state };
    },

    /** For the metric: how many findings of each kind are not mended, and how old the last sweep is. */
    async figures(): Promise<{ open: { kind: FindingKind; count: number }[]; finishedAt: number | null }> {
      const [open, { finishedAt }] = await Promise.all([store.openByKind(), store.sweepState()]);
      return { open, finishedAt };
    },
  };

  /** An archived recording that is not whole, of which a spool still holds the packets. */
  async function canBeMended(recording: StoredRecording): Promise<boolean> {
    if (recording.state !== 'archived') return false;
    const found = await store.openOf(recording.id);
    if (!found.some(({ kind }) => kind === 'object-missing' || kind === 'object-size')) return false;
    return [...(await spooledCalls()).values()].some(({ callId }) => callId === recording.callId);
  }
}
