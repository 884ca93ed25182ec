import type { BlobStore } from './blob-store.ts';
import type { Checksum, ChecksumAlgorithm, ChecksumType } from './checksums.ts';
import { S3Error } from './errors.ts';
import type { Journal } from './journal.ts';
import { SortedKeys } from './sorted-keys.ts';

export interface StoredObject {
  blob: string;
  bytes: number;
  /** without the quotes */
  etag: string;
  modifiedAtMs: number;
  /** what is answered with the object: content-type, x-amz-meta-…, x-amz-server-side-encryption, … */
  attributes: Record<string, string>;
  checksum?: Checksum;
}

export interface StoredPart {
  blob: string;
  bytes: number;
  etag: string;
  modifiedAtMs: number;
  checksum?: string;
}

export interface Upload {
  id: string;
  bucket: string;
  key: string;
  startedAtMs: number;
  attributes: Record<string, string>;
  checksum?: { algorithm: ChecksumAlgorithm; type: ChecksumType };
}

export interface UploadState extends Upload {
  parts: Map<number, StoredPart>;
}

/** Every change of state is one of these lines in the journal. */
export type Change =
  | { change: 'create-bucket'; bucket: string; atMs: number }
  | { change: 'delete-bucket'; bucket: string }
  | { change: 'put-object'; bucket: string; key: string; object: StoredObject; fromUpload?: string }
  | { change: 'delete-objects'; bucket: string; keys: string[] }
  | { change: 'start-upload'; upload: Upload }
  | { change: 'put-part'; upload: string; number: number; part: StoredPart }
  | { change: 'abort-upload'; upload: string };

export interface Bucket {
  name: string;
  createdAtMs: number;
  objects: Map<string, StoredObject>;
  keys: SortedKeys;
}

/** What is stored, in memory; every change goes through the journal, one after the other, before it is seen. */
export class Catalogue {
  readonly #buckets = new Map<string, Bucket>();
  readonly #uploads = new Map<string, UploadState>();
  readonly #journal: Journal;
  readonly #blobs: BlobStore;
  #lastCommit: Promise<unknown> = Promise.resolve();

  constructor(journal: Journal, blobs: BlobStore) {
    this.#journal = journal;
    this.#blobs = blobs;
  }

  /** Reads the journal, rewrites it compactly and sweeps blobs that nothing refers to. */
  async open(): Promise<void> {
    for (const change of await this.#journal.read<Change>()) this.#apply(change);
    await this.#journal.openCompacted(this.#snapshot());
    const objects = this.buckets().flatMap((bucket) => [...bucket.objects.values()]);
    const parts = [...this.#uploads.values()].flatMap((upload) => [...upload.parts.values()]);
    await this.#blobs.open(new Set([...objects, ...parts].map((stored) => stored.blob)));
  }

  async close(): Promise<void> {
    await this.#lastCommit;
    await this.#journal.close();
  }

  buckets(): Bucket[] {
    return [...this.#buckets.values()];
  }

  hasBucket(name: string): boolean {
    return this.#buckets.has(name);
  }

  /** @throws S3Error NoSuchBucket */
  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (!bucket) throw new S3Error('NoSuchBucket', undefined, { BucketName: name });
    return bucket;
  }

  /** @throws S3Error NoSuchBucket, NoSuchKey */
  object(bucket: string, key: string): StoredObject {
    const object = this.bucket(bucket).objects.get(key);
    if (!object) throw new S3Error('NoSuchKey', undefined, { Key: key });
    return object;
  }

  /** @throws S3Error NoSuchUpload, also when the upload is of another key */
  upload(bucket: string, key: string, id: string): UploadState {
    this.bucket(bucket);
    const upload = this.#uploads.get(id);
    if (upload?.bucket !== bucket || upload.key !== key) {
      throw new S3Error('NoSuchUpload', undefined, { UploadId: id });
    }
    return upload;
  }

  uploadsOf(bucket: string): UploadState[] {
    this.bucket(bucket);
    return [...this.#uploads.values()].filter((upload) => upload.bucket === bucket);
  }

  /**
   * Decides on a change against the state as it is then, journals it, applies it. `decide` may throw to refuse;
   * nothing can come between its look and the change. Blobs that thereby lose their name are removed, and so is
   * `newBlob` on a refusal. After a failed write it stays: the line that names it may be on disk all the same, and
   * if it is not, the next start sweeps.
   */
  commit(decide: () => Change, newBlob?: string): Promise<void> {
    const turn = this.#lastCommit.then(async () => {
      let change: Change;
      try {
        change = decide();
      } catch (refusal) {
        if (newBlob) await this.#blobs.remove([newBlob]);
        throw refusal;
      }
      await this.#journal.append(change);
      await this.#blobs.remove(this.#apply(change));
    });
    this.#lastCommit = turn.catch(() => undefined);
    return turn;
  }

  /** Applies a change and returns the blobs that are no longer referred to. */
  #apply(change: Change): string[] {
    switch (change.change) {
      case 'create-bucket': {
        const { bucket: name, atMs: createdAtMs } = change;
        this.#buckets.set(name, { name, createdAtMs, objects: new Map(), keys: new SortedKeys() });
        return [];
      }
      case 'delete-bucket':
        this.#buckets.delete(change.bucket);
        return [];
      case 'put-object': {
        const freed = change.fromUpload ? this.#dropUpload(change.fromUpload) : [];
        const { objects, keys } = this.bucket(change.bucket);
        const replaced = objects.get(change.key);
        objects.set(change.key, change.object);
        keys.add(change.key);
        return replaced ? [...freed, replaced.blob] : freed;
      }
      case 'delete-objects': {
        const { objects, keys } = this.bucket(change.bucket);
        return change.keys.flatMap((key) => {
          const blob = objects.get(key)?.blob;
          objects.delete(key);
          keys.delete(key);
          return blob ? [blob] : [];
        });
      }
      case 'start-upload':
        this.#uploads.set(change.upload.id, { ...change.upload, parts: new Map() });
        return [];
      case 'put-part': {
        const parts = this.#uploads.get(change.upload)!.parts;
        const replaced = parts.get(change.number);
        parts.set(change.number, change.part);
        return replaced ? [replaced.blob] : [];
      }
      case 'abort-upload':
        return this.#dropUpload(change.upload);
    }
  }

  #dropUpload(id: string): string[] {
    const blobs = [...(this.#uploads.get(id)?.parts.values() ?? [])].map((part) => part.blob);
    this.#uploads.delete(id);
    return blobs;
  }

  #snapshot(): Change[] {
    const buckets = this.buckets().flatMap(({ name, createdAtMs, objects }): Change[] => [
      { change: 'create-bucket', bucket: name, atMs: createdAtMs },
      ...[...objects].map(([key, object]): Change => ({ change: 'put-object', bucket: name, key, object })),
    ]);
    const uploads = [...this.#uploads.values()].flatMap(({ parts, ...upload }): Change[] => [
      { change: 'start-upload', upload },
      ...[...parts].map(
        ([number, part]): Change => ({ change: 'put-part', upload: upload.id, number, part }),
      ),
    ]);
    return [...buckets, ...uploads];
  }
}
