import type { KeyObject } from 'node:crypto';
import { readPublicKey, type SigningKey } from '#kernel/signed-json.ts';
import { keysRoot } from './archive-documents.ts';
import { type BucketAccess, createObject, listObjects, readObject } from './bucket.ts';

export const keyObject = (keyId: string): string => `${keysRoot}${keyId}.pem`;

const published = new WeakMap<SigningKey, Promise<void>>();

/**
 * Puts the public key beside the archive, once per process: `keys/<keyId>.pem`. Keys stay there when new ones are used,
 * so that what was signed with them can be checked for as long as it is kept. Error: `store.storage`.
 */
export function publishKey(access: BucketAccess & { key: SigningKey }): Promise<void> {
  const { key } = access;
  let done = published.get(key);
  if (!done) {
    done = createObject(
      keyObject(key.keyId),
      Buffer.from(key.publicPem),
      'application/x-pem-file',
      access,
    ).then(() => undefined);
    // What failed is tried again by the next one who needs it.
    done.catch(() => published.delete(key));
    published.set(key, done);
  }
  return done;
}

/** The public keys beside the archive, by id. An id is the key's own hash: one that does not fit its name is left out. */
export async function publishedKeys(access: BucketAccess): Promise<Map<string, KeyObject>> {
  const keys = new Map<string, KeyObject>();
  for (const { key: name } of await listObjects(keysRoot, access)) {
    const pem = await readObject(name, access);
    try {
      const { keyId, key } = readPublicKey(pem?.toString() ?? '');
      if (name === keyObject(keyId)) keys.set(keyId, key);
    } catch {
      // Not a key; `verify-archive` tells of it.
    }
  }
  return keys;
}
