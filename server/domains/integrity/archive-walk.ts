import type { StoredRecording } from '#domains/recordings/recordings.ts';
import type { Bucket, ListedObject } from './integrity.ports.ts';
import {
  compareFolder,
  dayMs,
  dayOf,
  dayStart,
  type FindingDraft,
  isWhole,
  judgeState,
  parseKey,
  recordingsPrefix,
} from './integrity.ts';

/** Recordings looked up at a time. */
const batch = 200;

export interface WalkSources {
  readonly bucket: Bucket;
  readonly byIds: (ids: readonly string[]) => Promise<StoredRecording[]>;
  readonly startedBetween: (
    from: number,
    to: number,
    afterId: string,
    limit: number,
  ) => Promise<StoredRecording[]>;
  readonly firstStartFrom: (from: number) => Promise<number | null>;
  readonly endedCalls: (
    from: number,
    to: number,
  ) => Promise<{ id: string; lineId: string; endedAt: number | null }[]>;
  readonly byCalls: (callIds: readonly string[]) => Promise<StoredRecording[]>;
}

export interface DayWalk {
  readonly day: string;
  readonly drafts: FindingDraft[];
  readonly recordings: number;
  readonly objects: number;
  /** Given up as lost earlier, and all there again. */
  readonly foundAgain: StoredRecording[];
}

/**
 * One UTC day of the archive: every object of the bucket against its row, every row against the bucket, every call that
 * ended against the recordings. Memory: one short id for each recording of the day.
 */
export async function walkDay(
  day: string,
  sources: WalkSources,
  options: { now: number; inSpool: (callId: string) => boolean },
): Promise<DayWalk> {
  const { now, inSpool } = options;
  const drafts: FindingDraft[] = [];
  const foundAgain: StoredRecording[] = [];
  const listed = new Set<string>();
  let objects = 0;

  let pending = new Map<string, ListedObject[]>();
  const settle = async () => {
    const rows = new Map((await sources.byIds([...pending.keys()])).map((row) => [row.id, row]));
    for (const [recordingId, found] of pending) {
      const row = rows.get(recordingId) ?? null;
      drafts.push(...compareFolder(row, found, now));
      if (row?.state === 'failed' && isWhole(row, found)) foundAgain.push(row);
    }
    pending = new Map();
  };
  for await (const object of sources.bucket.list(`${recordingsPrefix}${day}/`)) {
    objects += 1;
    const place = parseKey(object.key);
    if (!place) {
      drafts.push(...compareFolder(null, [object], now));
      continue;
    }
    if (pending.size >= batch && !pending.has(place.recordingId)) await settle();
    listed.add(place.recordingId);
    const found = pending.get(place.recordingId);
    if (found) found.push(object);
    else pending.set(place.recordingId, [object]);
  }
  await settle();

  const from = dayStart(day);
  let recordings = 0;
  for (let afterId = ''; ; ) {
    const rows = await sources.startedBetween(from, from + dayMs, afterId, batch);
    for (const row of rows) {
      recordings += 1;
      drafts.push(...judgeState(row, inSpool(row.callId), now));
      if (!listed.has(row.id)) drafts.push(...compareFolder(row, [], now));
    }
    if (rows.length < batch) break;
    afterId = rows.at(-1)!.id;
  }
  drafts.push(...(await unrecorded(from, sources, now)));
  return { day, drafts, recordings, objects, foundAgain };
}

/** A call that ended just now may still be written down. Milliseconds. */
const callGraceMs = 10 * 60_000;

async function unrecorded(from: number, sources: WalkSources, now: number): Promise<FindingDraft[]> {
  const ended = await sources.endedCalls(from, Math.min(from + dayMs, now - callGraceMs));
  const drafts: FindingDraft[] = [];
  for (let at = 0; at < ended.length; at += batch) {
    const calls = ended.slice(at, at + batch);
    const recorded = new Set((await sources.byCalls(calls.map(({ id }) => id))).map(({ callId }) => callId));
    for (const { id, lineId, endedAt } of calls) {
      if (recorded.has(id)) continue;
      drafts.push({
        kind: 'call-unrecorded',
        subject: id,
        recordingId: null,
        callId: id,
        lineId,
        key: null,
        detail: { endedAt },
        canRetry: false,
      });
    }
  }
  return drafts;
}

/** The next day behind this one of which bucket or database has anything; null at the end. */
export async function nextDay(after: string | null, sources: WalkSources): Promise<string | null> {
  const from = after === null ? 0 : dayStart(after) + dayMs;
  const start = await sources.firstStartFrom(from);
  const inRows = start === null ? null : dayOf(start);
  // `~` sorts behind everything that keys are made of here.
  const startAfter = after === null ? recordingsPrefix : `${recordingsPrefix}${after}/~`;
  let inBucket: string | null = null;
  for await (const { key } of sources.bucket.list(recordingsPrefix, { startAfter })) {
    inBucket = parseKey(key)?.day ?? null;
    if (inBucket !== null) break;
  }
  if (inRows === null || inBucket === null) return inRows ?? inBucket;
  return inRows < inBucket ? inRows : inBucket;
}
