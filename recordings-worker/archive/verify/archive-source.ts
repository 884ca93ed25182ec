import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { ObjectStore } from '#kernel/s3.ts';

/** An archive to look through: the bucket itself, or a copy of it in a folder. */
export interface ArchiveSource {
  /** Every object below the prefix, in the order of their keys' UTF-8 bytes. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly bytes: number }>;
  /** Null when it is not there. For documents and keys: small ones. */
  read(key: string): Promise<Buffer | null>;
  stream(key: string): Promise<AsyncIterable<Uint8Array>>;
}

/** Throws what the client throws: a bucket that cannot be read is no finding. */
export function bucketSource({ client, bucket }: ObjectStore): ArchiveSource {
  const get = (Key: string) => client.send(new GetObjectCommand({ Bucket: bucket, Key }));
  return {
    async *list(prefix) {
      let token: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
        );
        for (const { Key, Size } of page.Contents ?? []) {
          if (Key !== undefined) yield { key: Key, bytes: Size ?? 0 };
        }
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
    },
    async read(key) {
      try {
        return Buffer.from(await (await get(key)).Body!.transformToByteArray());
      } catch (error) {
        if ((error as { name?: string }).name === 'NoSuchKey') return null;
        throw error;
      }
    },
    stream: async (key) => (await get(key)).Body as AsyncIterable<Uint8Array>,
  };
}

/** A folder whose paths are the bucket's keys, as `aws s3 sync` makes it. */
export function folderSource(root: string): ArchiveSource {
  async function* walk(folder: string): AsyncGenerator<{ key: string; bytes: number }> {
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    // A folder sorts as its keys do: with the slash behind its name.
    const named = entries.map((entry) => ({ entry, name: entry.name + (entry.isDirectory() ? '/' : '') }));
    for (const { entry, name } of named.sort((a, b) =>
      Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
    )) {
      const key = folder + name;
      if (entry.isDirectory()) yield* walk(key);
      else yield { key, bytes: (await stat(join(root, key))).size };
    }
  }
  return {
    async *list(prefix) {
      const from = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      const there = await stat(join(root, from)).catch(() => null);
      if (!there) return;
      for await (const object of walk(from)) if (object.key.startsWith(prefix)) yield object;
    },
    read: (key) =>
      readFile(join(root, key)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
        throw error;
      }),
    stream: async (key) => createReadStream(join(root, key)),
  };
}
