import { may } from '#contract/abilities.ts';
import type { ResponseOf } from '#contract/endpoint.ts';
import type { Person } from '#contract/identity.ts';
import type { meetingsEndpoints } from '#contract/meetings.ts';
import type { HearingsService } from '#domains/listening/hearings.service.ts';
import { soundFor } from '#domains/recordings/recording-sound.ts';
import { audioLifetimeSeconds } from '#domains/recordings/recordings.ts';
import type { Clock } from '#kernel/clock.ts';
import { AppError } from '#kernel/errors.ts';
import type { AudioStorage, MomentClips, MomentRecordings } from './meetings.ports.ts';
import { assertOpen, type StoredItem, type StoredMeeting } from './meetings.ts';

export interface AgendaAudioDependencies {
  readonly recordings: MomentRecordings;
  readonly clips: MomentClips;
  readonly hearings: Pick<HearingsService, 'recordReplay'>;
  readonly storage: AudioStorage;
  readonly clock: Clock;
}

interface Playable {
  readonly files: readonly { readonly key: string; readonly contentType: string }[];
  readonly fromMs: number;
  readonly toMs: number;
}

export type AgendaAudio = ReturnType<typeof createAgendaAudio>;

/** What is on an agenda, to be heard by those who are in the meeting. */
export function createAgendaAudio(deps: AgendaAudioDependencies) {
  /**
   * The clip once it is cut; else the span of the recording, for those in whose scope the whole recording is: nobody
   * is given more of a call than what they were asked to hear. What was taken back nobody hears, from the recording
   * neither.
   */
  async function playableOf(person: Person, item: StoredItem, inScope: boolean): Promise<Playable> {
    const standing =
      item.clipId === null ? undefined : (await deps.clips.standings([item.clipId])).get(item.clipId);
    if (standing?.withdrawn) {
      const { at } = standing.withdrawn;
      throw new AppError('clip.withdrawn', 'This clip was taken back.', { details: { at } });
    }
    const clip = item.clipId === null ? null : await deps.clips.ready(item.clipId);
    if (clip) return { files: clip.files, fromMs: 0, toMs: clip.durationMs };
    if (!inScope) {
      throw item.clipId === null
        ? new AppError('scope.denied', 'This recording is outside your scope, and no clip was cut of it.')
        : new AppError('clip.not-ready', 'This clip is not cut yet.');
    }
    const recording = await deps.recordings.stored(item.recordingId);
    const files = recording ? soundFor(person, recording).files : [];
    if (recording?.state !== 'archived' || files.length === 0) {
      throw new AppError('recording.not-ready', 'This recording is still being prepared.');
    }
    return { files, fromMs: item.fromMs, toMs: item.toMs };
  }

  return {
    /**
     * To whoever is in the meeting. What lies outside somebody's scope they hear because they were asked to: that is
     * the reason that is logged. The hearing is on record before the addresses are given out. Errors: those of the
     * contract.
     */
    async audio(
      person: Person,
      meeting: StoredMeeting,
      itemId: string,
    ): Promise<ResponseOf<typeof meetingsEndpoints.audio>> {
      assertOpen(meeting, ['planned', 'held']);
      const item = meeting.agenda.find(({ id }) => id === itemId);
      if (!item) throw new AppError('not-found', 'There is no such item on the agenda.');
      const recording = item.gone ? null : await deps.recordings.stored(item.recordingId);
      if (!recording || recording.deletion) {
        throw new AppError('recording.deleted', 'This recording was deleted.');
      }
      const decision = may(person, 'recordings.replay', { lineId: item.lineId });
      if (!decision.allowed && decision.reason === 'ability.denied') {
        throw new AppError(decision.reason, 'Your role hears no recordings.');
      }
      const { files, fromMs, toMs } = await playableOf(person, item, decision.allowed);
      const expiresInSeconds = audioLifetimeSeconds;
      const expiresAt = deps.clock() + expiresInSeconds * 1000;
      const renderings = await Promise.all(
        files.map(async ({ key, contentType }) => ({
          contentType,
          url: await deps.storage.presignGet(key, { expiresInSeconds, contentType }),
        })),
      );
      const { hearingId } = await deps.hearings.recordReplay(person, recording, {
        way: 'meeting',
        wayId: meeting.id,
        reason: decision.allowed ? null : `invited to the meeting ${meeting.id}`,
      });
      return { hearingId, renderings, fromMs, toMs, gainDb: recording.loudness?.gainDb ?? 0, expiresAt };
    },
  };
}
