import { createHash } from 'node:crypto';
import type { ArchivedFile } from '#contract/capture.ts';
import { transcriptFile } from '#contract/transcripts.ts';
import { type BucketAccess, readObject } from '../archive/bucket.ts';
import { WorkerError } from '../worker-error.ts';
import { type AudioSpan, maskedAudioSpans } from './masked-words.ts';

/**
 * What an archived transcript says was masked, and when. A transcript that is not there, or not as it was signed, is a
 * fault: nothing may be taken for free of personal data because its transcript could not be read.
 * Errors: WorkerError `archive.missing`, `archive.verify`; AppError `store.storage`.
 */
export async function readMaskedSpans(
  transcript: Pick<ArchivedFile, 'key' | 'sha256'>,
  access: BucketAccess,
): Promise<AudioSpan[]> {
  const bytes = await readObject(transcript.key, access);
  if (!bytes) {
    throw new WorkerError('archive.missing', 'The transcript of this recording is not in the bucket.');
  }
  if (createHash('sha256').update(bytes).digest('hex') !== transcript.sha256) {
    throw new WorkerError('archive.verify', 'The object store gave back something else than was archived.');
  }
  return maskedAudioSpans(transcriptFile.parse(JSON.parse(bytes.toString())).utterances);
}
