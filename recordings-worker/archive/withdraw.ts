import { createHash } from 'node:crypto';
import type { ArchivedFile } from '#contract/capture.ts';
import type { WithdrawJob } from '#contract/clips.ts';
import { type SigningKey, signJson } from '#kernel/signed-json.ts';
import { WorkerError } from '../worker-error.ts';
import { type ChainLink, readChain } from './add-to-archive.ts';
import { expectNoTombstone } from './archive.ts';
import { type Addendum, type ArchivedEntry, documentName, splitKey } from './archive-documents.ts';
import { type BucketAccess, createObject, deleteObjects } from './bucket.ts';
import { sumsOfBytes } from './checksums.ts';
import { publishKey } from './published-keys.ts';
import { softwareVersion } from './signing-key.ts';

export interface WithdrawOptions extends BucketAccess {
  readonly key: SigningKey;
}

/** So many additions to one recording at the same moment are more than there can be. */
const maxTries = 20;
const withdrawable: ReadonlySet<ArchivedEntry['kind']> = new Set(['clip', 'clip-m4a']);

/**
 * Takes clips of a recording out of the archive: a signed addendum names each with its checksum, who asked for it and
 * why, and only then they are deleted, so that one that dies half way is known and gone on with. Doing it again changes
 * nothing. Nothing but clips is ever withdrawn: a recording goes as a whole. Answers the addendum; null where none of
 * these objects is known to the archive (it was sealed anew, and they went with what they were cut from).
 * Errors: WorkerError `archive.deleted`, `withdraw.kind` (both final), `archive.no-manifest`, `archive.chain`,
 * `erase.versions`; AppError `store.storage`.
 */
export async function withdrawFromArchive(
  job: WithdrawJob,
  options: WithdrawOptions,
): Promise<ArchivedFile | null> {
  const { folder } = splitKey(job.keys[0]!);
  if (job.keys.some((key) => splitKey(key).folder !== folder)) throw notOne('lies in another folder');
  await expectNoTombstone(folder, options);
  await publishKey(options);
  const names = job.keys.map((key) => splitKey(key).name);
  const { link, entries } = await sign(job, folder, names, options);
  if (!link) return null;
  const keys = entries.map(({ name }) => `${folder}/${name}`);
  if (!(await deleteObjects(keys, options))) {
    throw new WorkerError(
      'erase.versions',
      'The bucket keeps old versions of what is deleted: nothing is gone until they expire.',
    );
  }
  const key = `${folder}/${documentName(link.document.sequence)}`;
  return { kind: 'addendum', key, contentType: 'application/json', ...(await sumsOfBytes(link.bytes)) };
}

interface Signed {
  readonly link: { readonly document: { readonly sequence: number }; readonly bytes: Buffer } | undefined;
  readonly entries: readonly Pick<ArchivedEntry, 'name'>[];
}

async function sign(
  job: WithdrawJob,
  folder: string,
  names: readonly string[],
  options: WithdrawOptions,
): Promise<Signed> {
  const { recordingId, callId, clipId, by, reason, requestedAt } = job;
  for (let tries = 1; tries <= maxTries; tries++) {
    const chain = await readChain(folder, recordingId, options);
    const { present, gone } = standing(chain, names);
    if (present.some(({ kind }) => !withdrawable.has(kind))) throw notOne('is no clip');
    // An earlier try signed it: what it named is deleted now.
    if (present.length === 0) return { link: gone.link, entries: gone.names.map((name) => ({ name })) };
    const last = chain.at(-1)!;
    const document: Omit<Addendum, 'keyId'> = {
      version: 1,
      kind: 'addendum',
      recordingId,
      callId,
      sequence: last.document.sequence + 1,
      previous: createHash('sha256').update(last.bytes).digest('hex'),
      signedAt: Date.now(),
      software: softwareVersion,
      made: 'withdrawal',
      facts: { clipId, by, reason, requestedAt },
      files: [],
      withdrawn: present.map(({ name, sha256 }) => ({ name, sha256 })),
    };
    const bytes = signJson(document, options.key);
    const key = `${folder}/${documentName(document.sequence)}`;
    // Who comes second finds the number taken, reads the chain again and takes the next one.
    if (!(await createObject(key, bytes, 'application/json', options))) continue;
    return { link: { document, bytes }, entries: [...present, ...gone.names.map((name) => ({ name }))] };
  }
  throw new WorkerError('archive.chain', 'Others were always first to add to this recording.');
}

/** What of these names the documents say is there, and what they say is gone, with the last document that says so. */
function standing(chain: readonly ChainLink[], names: readonly string[]) {
  const present = new Map<string, ArchivedEntry>();
  const gone = new Set<string>();
  let link: ChainLink | undefined;
  for (const one of chain) {
    for (const entry of one.document.files) {
      if (!names.includes(entry.name)) continue;
      present.set(entry.name, entry);
      gone.delete(entry.name);
    }
    for (const { name } of one.document.withdrawn ?? []) {
      if (!names.includes(name)) continue;
      present.delete(name);
      gone.add(name);
      link = one;
    }
  }
  return { present: [...present.values()], gone: { names: [...gone], link } };
}

const notOne = (why: string): WorkerError =>
  new WorkerError('withdraw.kind', 'This cannot be withdrawn from an archive.', {
    cause: new Error(why),
    final: true,
  });
