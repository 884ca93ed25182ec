import type { Bookmark } from '#contract/bookmarks.ts';
import type { Clip } from '#contract/clips.ts';
import type { Person } from '#contract/identity.ts';
import type { RecordingsService } from '#domains/recordings/recordings.service.ts';

/** Marks as meetings need them: what a person may see, or null. */
export interface MomentMarks {
  visible(person: Person, bookmarkId: string): Promise<Bookmark | null>;
}

/** Clips as meetings need them. */
export interface MomentClips {
  /** Those of these that the person may hear. */
  visible(person: Person, clipIds: readonly string[]): Promise<Clip[]>;
  /** Asks for one to be cut; the same key again answers the same clip. Errors: those of `clips.cut`. */
  cut(
    person: Person,
    request: {
      readonly recordingId: string;
      readonly bookmarkId?: string;
      readonly fromMs: number;
      readonly toMs: number;
      readonly title: string;
      readonly idempotencyKey: string;
    },
  ): Promise<Clip>;
  /** What is silenced in these, and who took which of them back. */
  standings(clipIds: readonly string[]): Promise<Map<string, Pick<Clip, 'masking' | 'withdrawn'>>>;
  /** Its files once it is cut, whoever asks; null until then. */
  ready(clipId: string): Promise<{
    readonly durationMs: number;
    readonly files: readonly { readonly key: string; readonly contentType: string }[];
  } | null>;
}

export type MomentRecordings = Pick<RecordingsService, 'find' | 'stored' | 'ofCalls'>;

/** Signed addresses of what lies in the bucket. */
export interface AudioStorage {
  presignGet(key: string, options: { expiresInSeconds: number; contentType: string }): Promise<string>;
}
