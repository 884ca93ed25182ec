import { z } from 'zod';
import { archivedFileKind } from '#contract/capture.ts';
import { id, timeMs } from '#contract/primitives.ts';
import { manifest } from '../seal/manifest.ts';

/**
 * The signed documents of a recording's folder. `manifest.json` is sequence 0; each addendum, `manifest-<n>.json`, names
 * the SHA-256 of the document before it, so that none can be taken away or exchanged without the next one telling.
 * `tombstone.json` follows the last of them.
 */
const archivedEntry = z.object({
  /** In the recording's folder. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/),
  kind: archivedFileKind,
  contentType: z.string(),
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  crc32: z.string().regex(/^[0-9a-f]{8}$/),
});
export type ArchivedEntry = z.infer<typeof archivedEntry>;

/** Files of documents before this one that are gone, and are not to be found any more. */
const withdrawn = z.array(archivedEntry.pick({ name: true, sha256: true })).optional();

const head = {
  recordingId: id,
  callId: id,
  sequence: z.number().int().nonnegative(),
  /** SHA-256 of the bytes of the document before, hex; null for the first. */
  previous: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  keyId: z.string(),
  signedAt: timeMs,
  /** Who made it: the package's version. */
  software: z.string(),
  files: z.array(archivedEntry),
};

/** What the sealed recording is made of and lacks, and the checksums of its files. */
export const recordingManifest = manifest.extend({ ...head, kind: z.literal('recording') });
export type RecordingManifest = z.infer<typeof recordingManifest>;

/** What was added to the recording later. */
export const addendum = z.object({
  ...head,
  version: z.literal(1),
  kind: z.literal('addendum'),
  /** Which step made it: `m4a`, `analysis`, `transcript` … */
  made: z.string().min(1).max(64),
  withdrawn,
  /** What that step wants to be on record: ids, counts, versions, measures. Never words that were spoken. */
  facts: z.record(z.string(), z.unknown()),
});
export type Addendum = z.infer<typeof addendum>;

/** What was deleted, why and when; `files` are gone and no longer to be found. */
export const tombstone = z.object({
  ...head,
  version: z.literal(1),
  kind: z.literal('tombstone'),
  deletion: z.object({
    /** When it was asked for; UTC ms. */
    requestedAt: timeMs,
    /** `policy:<id>` or `person:<id>`. */
    by: z.string().min(1).max(128),
    reason: z.string().max(500),
  }),
  /** The documents that went with them, oldest first. */
  documents: z.array(z.object({ name: z.string(), bytes: z.number().int(), sha256: z.string() })),
  /** What was found in the folder and in no document. */
  unsigned: z.array(z.object({ name: z.string(), bytes: z.number().int() })),
});
export type Tombstone = z.infer<typeof tombstone>;

/** Enough to check a document of any version. */
export const archiveDocument = z.looseObject({
  ...head,
  kind: z.enum(['recording', 'addendum', 'tombstone']),
  withdrawn,
});
export type ArchiveDocument = z.infer<typeof archiveDocument>;

export const manifestName = 'manifest.json';
export const tombstoneName = 'tombstone.json';
export const documentName = (sequence: number): string =>
  sequence === 0 ? manifestName : `manifest-${sequence}.json`;

/** The sequence that a document's name tells; null for anything else. */
export function sequenceOf(name: string): number | null {
  if (name === manifestName) return 0;
  const match = /^manifest-([1-9]\d{0,5})\.json$/.exec(name);
  return match ? Number(match[1]) : null;
}

/** Below this lie the recordings, below that the public keys that they were signed with. */
export const recordingsRoot = 'recordings/';
export const keysRoot = 'keys/';

/** `recordings/2026/03/01/rec_…`: by the UTC day of the recording's start. Everything of a recording lies below it. */
export function recordingFolder(recordingId: string, startedAt: number): string {
  const day = new Date(startedAt).toISOString().slice(0, 10).replaceAll('-', '/');
  return `${recordingsRoot}${day}/${recordingId}`;
}

/** The folder that a key lies in, and its name there. */
export function splitKey(key: string): { folder: string; name: string } {
  const at = key.lastIndexOf('/');
  return { folder: key.slice(0, at), name: key.slice(at + 1) };
}
