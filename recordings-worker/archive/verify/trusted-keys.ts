import type { KeyObject } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readPublicKey } from '#kernel/signed-json.ts';
import { keysRoot } from '../archive-documents.ts';
import { keyObject } from '../published-keys.ts';
import type { ArchiveSource } from './archive-source.ts';
import type { Finding } from './findings.ts';

/** Public keys given by whoever checks: a file, or a folder of `.pem` files. Throws when one is none. */
export async function readTrustedKeys(path: string): Promise<Map<string, KeyObject>> {
  const folder = (await stat(path)).isDirectory();
  const files = folder
    ? (await readdir(path)).filter((name) => name.endsWith('.pem')).map((name) => join(path, name))
    : [path];
  const keys = new Map<string, KeyObject>();
  for (const file of files) {
    try {
      const { keyId, key } = readPublicKey(await readFile(file, 'utf8'));
      keys.set(keyId, key);
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`);
    }
  }
  if (keys.size === 0) throw new Error(`${path} holds no public key`);
  return keys;
}

/**
 * The keys that lie beside the archive. Whoever can write to the archive can put one of their own there, so where keys
 * are given these only count as a list to compare.
 */
export async function checkPublishedKeys(
  source: ArchiveSource,
  trusted: ReadonlyMap<string, KeyObject> | undefined,
): Promise<{ keys: Map<string, KeyObject>; findings: Finding[] }> {
  const keys = new Map<string, KeyObject>();
  const findings: Finding[] = [];
  for await (const { key: name } of source.list(keysRoot)) {
    const pem = (await source.read(name))?.toString() ?? '';
    try {
      const { keyId, key } = readPublicKey(pem);
      if (name !== keyObject(keyId)) {
        findings.push({ kind: 'key-altered', key: name, detail: `holds the key ${keyId}` });
      } else if (trusted && !trusted.has(keyId)) {
        findings.push({ kind: 'key-unknown', key: name, detail: 'none of the keys that were given' });
      } else keys.set(keyId, key);
    } catch {
      findings.push({ kind: 'key-altered', key: name, detail: 'is no public key' });
    }
  }
  return { keys: trusted ? new Map(trusted) : keys, findings };
}
