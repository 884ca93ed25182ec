import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ArchivedFileKind } from '#contract/capture.ts';
import { newSigningKeyPem, readSigningKey, type SigningKey, signJson } from '#kernel/signed-json.ts';
import { documentName, recordingFolder } from '#worker/archive/archive-documents.ts';
import { sumsOfBytes } from '#worker/archive/checksums.ts';

export const newSigningKey = (): SigningKey => readSigningKey(newSigningKeyPem());
export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What `mongoexport` would write of a recording. */
export interface DumpedRow {
  readonly _id: string;
  readonly state: string;
  readonly files: { kind: ArchivedFileKind; key: string; bytes: number; sha256: string }[];
  readonly deletion: { tombstone: { key: string; sha256: string } } | null;
}

/**
 * A copy of a bucket in a folder, made as the recorder makes it: signed manifests, addenda, tombstones, keys. The sound
 * in it is noise.
 */
export class SignedArchive {
  readonly root: string;
  key: SigningKey;
  readonly rows: DumpedRow[] = [];

  constructor(root: string, key: SigningKey) {
    this.root = root;
    this.key = key;
  }

  async publishKey(): Promise<void> {
    await this.put(`keys/${this.key.keyId}.pem`, Buffer.from(this.key.publicPem));
  }

  async put(key: string, bytes: Buffer): Promise<void> {
    const path = join(this.root, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }

  /** An archived recording with one addendum; answers its folder. */
  async record(recordingId: string, startedAt: number): Promise<string> {
    const folder = recordingFolder(recordingId, startedAt);
    const row: DumpedRow = { _id: recordingId, state: 'archived', files: [], deletion: null };
    const first = await this.#document(row, folder, null, [
      ['audio', 'audio.webm'],
      ['peaks', 'peaks.json'],
    ]);
    await this.#document(row, folder, first, [['audio-m4a', 'audio-0a1b2c3d.m4a']]);
    this.rows.push(row);
    return folder;
  }

  /** A recording of which only the tombstone is left. */
  async tombstone(recordingId: string, startedAt: number): Promise<string> {
    const folder = recordingFolder(recordingId, startedAt);
    const bytes = signJson(
      {
        version: 1,
        kind: 'tombstone',
        recordingId,
        callId: `call_of_${recordingId}`,
        sequence: 2,
        previous: sha256Of(randomBytes(8)),
        signedAt: startedAt,
        software: 'test',
        files: [],
        deletion: { requestedAt: startedAt, by: 'policy:default', reason: 'older than 180 days' },
        documents: [],
        unsigned: [],
      },
      this.key,
    );
    const key = `${folder}/tombstone.json`;
    await this.put(key, bytes);
    const deletion = { tombstone: { key, sha256: sha256Of(bytes) } };
    this.rows.push({ _id: recordingId, state: 'deleted', files: [], deletion });
    return folder;
  }

  async writeDump(): Promise<string> {
    const path = join(dirname(this.root), 'recordings.json');
    await writeFile(path, this.rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    return path;
  }

  async #document(
    row: DumpedRow,
    folder: string,
    before: { sequence: number; sha256: string } | null,
    parts: [ArchivedFileKind, string][],
  ): Promise<{ sequence: number; sha256: string }> {
    const files = await Promise.all(
      parts.map(async ([kind, name]) => {
        const bytes = randomBytes(2_000);
        await this.put(`${folder}/${name}`, bytes);
        return { kind, name, contentType: 'application/octet-stream', ...(await sumsOfBytes(bytes)) };
      }),
    );
    const sequence = before ? before.sequence + 1 : 0;
    const bytes = signJson(
      {
        version: 1,
        kind: before ? 'addendum' : 'recording',
        recordingId: row._id,
        callId: `call_of_${row._id}`,
        sequence,
        previous: before?.sha256 ?? null,
        signedAt: 1_770_000_000_000,
        software: 'test',
        files,
      },
      this.key,
    );
    const name = documentName(sequence);
    await this.put(`${folder}/${name}`, bytes);
    const sha256 = sha256Of(bytes);
    for (const file of files) {
      row.files.push({
        kind: file.kind,
        key: `${folder}/${file.name}`,
        bytes: file.bytes,
        sha256: file.sha256,
      });
    }
    row.files.push({
      kind: before ? 'addendum' : 'manifest',
      key: `${folder}/${name}`,
      bytes: bytes.length,
      sha256,
    });
    return { sequence, sha256 };
  }
}
