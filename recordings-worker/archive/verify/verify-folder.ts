import { createHash, type KeyObject } from 'node:crypto';
import { parseSignedJson } from '#kernel/signed-json.ts';
import {
  type ArchiveDocument,
  type ArchivedEntry,
  archiveDocument,
  documentName,
  manifestName,
  recordingFolder,
  sequenceOf,
  tombstone,
  tombstoneName,
} from '../archive-documents.ts';
import { isWrongData } from '../bucket.ts';
import { sumsOf } from '../checksums.ts';
import type { ArchiveSource } from './archive-source.ts';
import type { Finding, FindingKind } from './findings.ts';

export interface CheckedFolder {
  readonly findings: Finding[];
  /** SHA-256 of everything that was read and found as signed, by name; for the comparison with the database. */
  readonly sums: ReadonlyMap<string, string>;
  readonly documents: number;
  readonly deleted: boolean;
}

interface Checks {
  readonly folder: string;
  readonly recordingId: string;
  readonly source: ArchiveSource;
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly found: (kind: FindingKind, name: string, detail: string) => void;
}

/** One recording's folder: its chain of signed documents, and everything else in it against what they say. */
export async function verifyFolder(
  folder: string,
  objects: ReadonlyMap<string, number>,
  source: ArchiveSource,
  keys: ReadonlyMap<string, KeyObject>,
): Promise<CheckedFolder> {
  const findings: Finding[] = [];
  const found = (kind: FindingKind, name: string, detail: string) =>
    void findings.push({ kind, key: name === '' ? folder : `${folder}/${name}`, detail });
  const checks: Checks = {
    folder,
    recordingId: folder.slice(folder.lastIndexOf('/') + 1),
    source,
    keys,
    found,
  };
  const sums = new Map<string, string>();
  if (objects.has(tombstoneName)) {
    const deleted = await verifyTombstone(objects, checks, sums);
    return { findings, sums, documents: 1, deleted };
  }

  const sequences = [...objects.keys()].flatMap((name) => sequenceOf(name) ?? []).sort((a, b) => a - b);
  const entries = new Map<string, ArchivedEntry>();
  /** What a document says is gone for good. */
  const withdrawn = new Set<string>();
  let previous: string | null = null;
  if (!objects.has(manifestName)) found('manifest-missing', '', 'no manifest.json');
  for (const sequence of sequences) {
    const name = documentName(sequence);
    if (sequence > 0 && !objects.has(documentName(sequence - 1))) {
      if (sequence > 1) found('document-missing', documentName(sequence - 1), `${name} is there`);
      previous = null;
    }
    const bytes = await source.read(`${folder}/${name}`);
    if (!bytes) {
      found('document-missing', name, 'was listed');
      continue;
    }
    const document = readDocument(name, bytes, checks);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    sums.set(name, sha256);
    if (document) {
      checkPlace(name, document, sequence, previous, checks);
      for (const entry of document.files) entries.set(entry.name, entry);
      for (const { name: gone } of document.withdrawn ?? []) entries.delete(gone);
      for (const { name: gone } of document.withdrawn ?? []) withdrawn.add(gone);
      for (const entry of document.files) withdrawn.delete(entry.name);
    }
    previous = sha256;
  }
  await Promise.all(
    [...entries.values()].map(async (entry) => {
      if (await verifyFile(entry, objects.get(entry.name), checks)) sums.set(entry.name, entry.sha256);
    }),
  );
  for (const name of objects.keys()) {
    if (entries.has(name) || sequenceOf(name) !== null) continue;
    if (withdrawn.has(name)) found('deletion-unfinished', name, 'was withdrawn, and is still there');
    else found('object-unknown', name, 'no document names it');
  }
  return { findings, sums, documents: sequences.length, deleted: false };
}

/** Null, and a finding, for whatever is not as it was signed. */
function readDocument(name: string, bytes: Buffer, { keys, found }: Checks): ArchiveDocument | null {
  const signed = parseSignedJson(bytes);
  if (!signed) {
    found('document-unsigned', name, 'does not end with a signature of ours');
    return null;
  }
  const key = keys.get(signed.keyId);
  if (!key) {
    found('document-key', name, `is signed with the key ${signed.keyId}, which is not trusted`);
    return null;
  }
  if (!signed.isBy(key)) {
    found('document-altered', name, `the signature by ${signed.keyId} does not fit`);
    return null;
  }
  const document = archiveDocument.safeParse(signed.document);
  if (!document.success) {
    found('document-altered', name, 'is signed, and not a document of an archive');
    return null;
  }
  return document.data;
}

function checkPlace(
  name: string,
  document: ArchiveDocument,
  sequence: number,
  previous: string | null,
  { folder, recordingId, found }: Checks,
): void {
  if (document.recordingId !== recordingId) {
    found('document-misplaced', name, `belongs to ${document.recordingId}`);
  } else if (document.sequence !== sequence || (document.kind === 'recording') !== (sequence === 0)) {
    found('document-misplaced', name, `is number ${document.sequence}, a ${document.kind}`);
  } else if (sequence > 0 && previous !== null && document.previous !== previous) {
    found('document-misplaced', name, `follows another document than ${documentName(sequence - 1)}`);
  } else if (typeof document.startedAt === 'number') {
    const own = recordingFolder(recordingId, document.startedAt);
    if (own !== folder) found('document-misplaced', name, `belongs into ${own}`);
  }
}

async function verifyFile(entry: ArchivedEntry, bytes: number | undefined, checks: Checks): Promise<boolean> {
  const { folder, source, found } = checks;
  const { name } = entry;
  if (bytes === undefined) {
    found('object-missing', name, `${entry.bytes} bytes of ${entry.kind}`);
    return false;
  }
  if (bytes !== entry.bytes) {
    found('object-size', name, `has ${bytes} bytes instead of ${entry.bytes}`);
    return false;
  }
  let sums: Awaited<ReturnType<typeof sumsOf>>;
  try {
    sums = await sumsOf(await source.stream(`${folder}/${name}`));
  } catch (error) {
    if (!isWrongData(error)) throw error;
    found('object-altered', name, "is not what the store's own checksum says");
    return false;
  }
  if (sums.sha256 !== entry.sha256) {
    found('object-altered', name, `SHA-256 is ${sums.sha256} instead of ${entry.sha256}`);
    return false;
  }
  if (sums.crc32 !== entry.crc32) {
    found('object-altered', name, `CRC32 is ${sums.crc32} instead of ${entry.crc32}`);
    return false;
  }
  return true;
}

async function verifyTombstone(
  objects: ReadonlyMap<string, number>,
  checks: Checks,
  sums: Map<string, string>,
): Promise<boolean> {
  const { folder, recordingId, source, found } = checks;
  const bytes = await source.read(`${folder}/${tombstoneName}`);
  const document = bytes && readDocument(tombstoneName, bytes, checks);
  if (bytes) sums.set(tombstoneName, createHash('sha256').update(bytes).digest('hex'));
  if (!document) return false;
  if (document.recordingId !== recordingId || !tombstone.safeParse(document).success) {
    found('document-misplaced', tombstoneName, `is a ${document.kind} of ${document.recordingId}`);
    return false;
  }
  for (const name of objects.keys()) {
    if (name !== tombstoneName) found('deletion-unfinished', name, 'lies beside a tombstone');
  }
  return true;
}
