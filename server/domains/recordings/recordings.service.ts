import { may } from '#contract/abilities.ts';
import type { ArchivedFile } from '#contract/capture.ts';
import type { QueryOf } from '#contract/endpoint.ts';
import type { Person } from '#contract/identity.ts';
import type { LocalText } from '#contract/primitives.ts';
import type { RecordingDetail, RecordingSummary, recordingsEndpoints } from '#contract/recordings.ts';
import type { HearingsService } from '#domains/listening/hearings.service.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import { soundFor } from './recording-sound.ts';
import type { RecordingStorage } from './recordings.ports.ts';
import type { RecordingsStore } from './recordings.store.ts';
import {
  audioLifetimeSeconds,
  decodeCursor,
  encodeCursor,
  type StoredRecording,
  summarise,
} from './recordings.ts';

export interface RecordingsDependencies {
  readonly store: RecordingsStore;
  readonly storage: RecordingStorage;
  readonly hearings: HearingsService;
  /** Recordings in which all of these words were said; lower case. */
  readonly spokenIn: (words: readonly string[]) => Promise<readonly string[]>;
  readonly agentNames: (agentIds: readonly string[]) => Promise<{ id: string; name: LocalText }[]>;
  readonly clock: Clock;
}

function deletionShown({ deletion }: StoredRecording): RecordingDetail['deletion'] {
  if (!deletion) return null;
  const { requestedAt, by, reason } = deletion;
  return { requestedAt, by, reason };
}

export type RecordingsService = ReturnType<typeof createRecordingsService>;

/** The archive as people use it: found by line, agent, scenario, time and words; heard by short-lived signed addresses. */
export function createRecordingsService(deps: RecordingsDependencies) {
  const { store, clock } = deps;

  function scopeOf(person: Person, lineId?: string): readonly string[] | null {
    const decision = may(person, 'recordings.replay', lineId ? { lineId } : {});
    if (!decision.allowed) throw new AppError(decision.reason, 'These recordings are outside your scope.');
    return lineId ? [lineId] : decision.scope === 'all' ? null : person.lineIds;
  }

  async function find(person: Person, recordingId: string): Promise<StoredRecording> {
    const recording = await store.byId(recordingId);
    if (!recording) throw new AppError('not-found', 'There is no such recording.');
    scopeOf(person, recording.lineId);
    return recording;
  }

  return {
    async list(person: Person, query: QueryOf<typeof recordingsEndpoints.list>) {
      const lineIds = scopeOf(person, query.lineId);
      const after = query.cursor ? decodeCursor(query.cursor) : null;
      if (query.cursor && !after) throw new AppError('request.invalid', 'This page mark is not one of ours.');
      const words = (query.q ?? '').toLowerCase().split(/\s+/).filter(Boolean).slice(0, 8);
      const filter = {
        spokenIn: words.length > 0 ? await deps.spokenIn(words) : [],
        lineIds,
        agentId: query.agentId,
        scenarioId: query.scenarioId,
        tag: query.tag,
        from: query.from,
        to: query.to,
        words,
      };
      const [{ recordings, total }, agentIds] = await Promise.all([
        store.page(filter, after, query.limit + 1),
        store.agentIds(scopeOf(person)),
      ]);
      const page = recordings.slice(0, query.limit);
      const last = page.at(-1);
      return {
        recordings: page.map(summarise) as RecordingSummary[],
        nextCursor: recordings.length > query.limit && last ? encodeCursor(last) : null,
        total,
        agents: await deps.agentNames(agentIds),
      };
    },

    async show(person: Person, recordingId: string): Promise<RecordingDetail> {
      const recording = await find(person, recordingId);
      const audio = recording.files.find((file) => file.kind === 'audio');
      return {
        ...summarise(recording),
        bytes: audio?.bytes ?? null,
        sha256: audio?.sha256 ?? null,
        gaps: [...recording.gaps],
        coverage: recording.coverage,
        loudness: recording.loudness ?? null,
        failure: recording.failure,
        deletion: deletionShown(recording),
        heardBy: await deps.hearings.heardBy(recording.callId),
      };
    },

    /** The hearing is on record before the addresses are given out. */
    async audio(person: Person, recordingId: string) {
      const recording = await find(person, recordingId);
      const audio = recording.files.find((file) => file.kind === 'audio');
      const peaks = recording.files.find((file) => file.kind === 'peaks');
      if (recording.deletion) {
        throw new AppError('recording.deleted', 'This recording was deleted.', {
          details: { requestedAt: recording.deletion.requestedAt, by: recording.deletion.by },
        });
      }
      if (recording.state !== 'archived' || !audio || !peaks) {
        throw new AppError('recording.not-ready', 'This recording is still being prepared.', {
          details: { state: recording.state },
        });
      }
      const { files, masking } = soundFor(person, recording);
      const expiresInSeconds = audioLifetimeSeconds;
      const expiresAt = clock() + expiresInSeconds * 1000;
      const addressOf = async ({ key, contentType }: ArchivedFile) => ({
        contentType,
        url: await deps.storage.presignGet(key, { expiresInSeconds, contentType }),
      });
      const [{ url: peaksUrl }, ...renderings] = await Promise.all([
        addressOf(peaks),
        ...files.map(addressOf),
      ]);
      const { hearingId } = await deps.hearings.recordReplay(person, recording);
      const { url, contentType } = renderings[0]!;
      const gainDb = recording.loudness?.gainDb ?? 0;
      return { hearingId, url, contentType, renderings, gainDb, masking, peaksUrl, expiresAt };
    },

    /** A recording that this person may replay. Errors: `not-found`, `ability.denied`, `scope.denied`. */
    find,

    /** For what is made of recordings by themselves; asks nobody for permission. */
    stored: (recordingId: string): Promise<StoredRecording | null> => store.byId(recordingId),
    archivedBefore: (startedAt: number, limit: number) => store.archivedBefore(startedAt, limit),
    ofCalls: (callIds: readonly string[]): Promise<StoredRecording[]> => store.byCalls(callIds),
    byIds: (ids: readonly string[]): Promise<StoredRecording[]> => store.byIds(ids),

    totals: () => store.totals(),

    failures: async (limit: number) =>
      (await store.failures(limit)).map((recording) => ({
        ...summarise(recording),
        failure: recording.failure,
      })),

    /**
     * Recorded seconds ÷ call seconds of the calls that ended since then. A call that ended less than a minute ago
     * and is still being sealed is not counted yet.
     */
    async coverageSince(
      since: number,
    ): Promise<{ calls: number; callSeconds: number; recordedSeconds: number; ratio: number | null }> {
      const now = clock();
      const ended = (await store.endedSince(since)).filter(
        (recording) => recording.durationMs !== null || now - (recording.callEndedAt ?? now) > 60_000,
      );
      let callSeconds = 0;
      let recordedSeconds = 0;
      for (const recording of ended) {
        const seconds = (recording.durationMs ?? (recording.callEndedAt ?? now) - recording.startedAt) / 1000;
        callSeconds += seconds;
        if (recording.durationMs !== null && recording.state !== 'failed')
          recordedSeconds += seconds * (recording.coverage ?? 0);
      }
      return {
        calls: ended.length,
        callSeconds,
        recordedSeconds,
        ratio: callSeconds > 0 ? recordedSeconds / callSeconds : null,
      };
    },

    inProgress: () => store.inState(['capturing', 'captured', 'sealed']),
  };
}
