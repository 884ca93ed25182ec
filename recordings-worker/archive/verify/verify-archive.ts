import type { KeyObject } from 'node:crypto';
import { keysRoot, recordingsRoot, splitKey, tombstoneName } from '../archive-documents.ts';
import type { ArchiveSource } from './archive-source.ts';
import type { DumpedRecording } from './database-dump.ts';
import type { Finding } from './findings.ts';
import { checkPublishedKeys } from './trusted-keys.ts';
import { type CheckedFolder, verifyFolder } from './verify-folder.ts';

export interface VerifyOptions {
  readonly source: ArchiveSource;
  /** Keys that are trusted; without them those beside the archive are. */
  readonly trusted?: ReadonlyMap<string, KeyObject>;
  /** Only what lies below this, such as `recordings/2026/03/`. */
  readonly prefix?: string;
  /** The rows that there ought to be. */
  readonly database?: AsyncIterable<DumpedRecording>;
  readonly onFinding?: (finding: Finding) => void;
}

export interface Verified {
  readonly recordings: number;
  readonly deleted: number;
  readonly documents: number;
  readonly objects: number;
  readonly bytes: number;
  /** Ids of the keys that signatures were checked with. */
  readonly keys: string[];
  /** False: whoever could write to the archive could have exchanged documents and keys together. */
  readonly keysWereGiven: boolean;
  readonly rows: number | null;
  readonly findings: Finding[];
}

const folderPattern = /^recordings\/\d{4}\/\d{2}\/\d{2}\/[A-Za-z0-9_-]{1,64}$/;

/** Goes through an archive once, object by object, and reads every byte of it. Throws when it cannot be read. */
export async function verifyArchive(options: VerifyOptions): Promise<Verified> {
  const { source, trusted, prefix = '' } = options;
  const findings: Finding[] = [];
  const found = (finding: Finding) => {
    findings.push(finding);
    options.onFinding?.(finding);
  };
  const published = await checkPublishedKeys(source, trusted);
  published.findings.forEach(found);
  const rows = await rowsById(options.database, prefix);
  const totals = { recordings: 0, deleted: 0, documents: 0, objects: 0, bytes: 0 };

  const finish = async (folder: string, objects: Map<string, number>) => {
    const checked = await verifyFolder(folder, objects, source, published.keys);
    checked.findings.forEach(found);
    totals.recordings += 1;
    totals.deleted += checked.deleted ? 1 : 0;
    totals.documents += checked.documents;
    if (!rows) return;
    const recordingId = splitKey(folder).name;
    compareWithRow(folder, checked, rows.get(recordingId), found);
    rows.delete(recordingId);
  };

  let folder: string | undefined;
  let objects = new Map<string, number>();
  for await (const { key, bytes } of source.list(prefix)) {
    totals.objects += 1;
    totals.bytes += bytes;
    if (key.startsWith(keysRoot)) continue;
    const place = splitKey(key);
    if (!key.startsWith(recordingsRoot) || !folderPattern.test(place.folder)) {
      found({ kind: 'object-unknown', key, detail: 'nothing of an archive lies there' });
      continue;
    }
    if (place.folder !== folder) {
      if (folder !== undefined) await finish(folder, objects);
      folder = place.folder;
      objects = new Map();
    }
    objects.set(place.name, bytes);
  }
  if (folder !== undefined) await finish(folder, objects);
  const left = [...(rows?.values() ?? [])];
  for (const row of left) tellMissing(row, prefix, found);

  return {
    ...totals,
    keys: [...published.keys.keys()],
    keysWereGiven: trusted !== undefined,
    rows: rows ? rows.counted : null,
    findings,
  };
}

class Rows extends Map<string, DumpedRecording> {
  counted = 0;
}

async function rowsById(
  database: AsyncIterable<DumpedRecording> | undefined,
  prefix: string,
): Promise<Rows | undefined> {
  if (!database) return undefined;
  const rows = new Rows();
  for await (const row of database) {
    const key = row.tombstone?.key ?? row.files[0]?.key;
    if (prefix !== '' && !key?.startsWith(prefix)) continue;
    rows.set(row.id, row);
    rows.counted += 1;
  }
  return rows;
}

function compareWithRow(
  folder: string,
  { sums, deleted, findings }: CheckedFolder,
  row: DumpedRecording | undefined,
  found: (finding: Finding) => void,
): void {
  const differs = (key: string, detail: string) => found({ kind: 'database-differs', key, detail });
  if (!row) {
    found({ kind: 'recording-unknown', key: folder, detail: 'the database has no such recording' });
    return;
  }
  if (row.state === 'deleted') {
    if (row.tombstone === null) return;
    const sum = sums.get(tombstoneName);
    if (!deleted) {
      found({ kind: 'tombstone-missing', key: row.tombstone.key, detail: 'the database says it is deleted' });
    } else if (sum !== row.tombstone.sha256) {
      differs(row.tombstone.key, `the database knows a tombstone with the SHA-256 ${row.tombstone.sha256}`);
    }
    return;
  }
  if (deleted) {
    if (row.state !== 'deleting') differs(folder, `is deleted, the database says ${row.state}`);
    return;
  }
  for (const { key, sha256 } of row.files) {
    const place = splitKey(key);
    if (place.folder !== folder) {
      differs(key, `the recording lies in ${folder}`);
      continue;
    }
    const sum = sums.get(place.name);
    if (sum === sha256 || findings.some((finding) => finding.key === key)) continue;
    // The end of a chain can be cut off without the rest telling: the database still names what was there.
    if (sum === undefined) found({ kind: 'object-missing', key, detail: 'the database names it' });
    else differs(key, `the database knows it with the SHA-256 ${sha256}`);
  }
}

function tellMissing(row: DumpedRecording, prefix: string, found: (finding: Finding) => void): void {
  const kept = row.state === 'archived' || (row.state === 'deleted' && row.tombstone !== null);
  if (!kept) return;
  const key = row.tombstone?.key ?? row.files[0]?.key ?? prefix;
  const folder = splitKey(key).folder || row.id;
  if (row.state === 'deleted') {
    found({ kind: 'tombstone-missing', key: folder, detail: 'the database says it is deleted' });
  } else {
    found({ kind: 'recording-missing', key: folder, detail: `the database knows ${row.id} as archived` });
  }
}
