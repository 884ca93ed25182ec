import { may } from '#contract/abilities.ts';
import type { ArchivedFile } from '#contract/capture.ts';
import type { Person } from '#contract/identity.ts';
import type { Masking } from '#contract/masking.ts';
import type { StoredRecording } from './recordings.ts';

export interface Sound {
  /** The same sound in every form there is, best first; none while there is nothing to hear. */
  readonly files: readonly ArchivedFile[];
  readonly masking: Masking;
}

/**
 * What of an archived recording this person hears: with what its transcript masks only those who may
 * (`recordings.unmasked`), everybody else the recording in which that is silence. Where there is no transcript nothing
 * is known of personal data, and all hear the same.
 */
export function soundFor(person: Person, recording: Pick<StoredRecording, 'files' | 'lineId'>): Sound {
  const ofKinds = (...kinds: ArchivedFile['kind'][]) =>
    kinds.flatMap((kind) => recording.files.filter((file) => file.kind === kind));
  const full = ofKinds('audio', 'audio-m4a');
  const masked = ofKinds('masked', 'masked-m4a');
  if (masked.length === 0) {
    const written = ofKinds('transcript').length > 0;
    return { files: full, masking: written ? 'nothing-found' : 'unchecked' };
  }
  const unmasked = may(person, 'recordings.unmasked', { lineId: recording.lineId }).allowed;
  return unmasked ? { files: full, masking: 'in-full' } : { files: masked, masking: 'silenced' };
}
