import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { newSigningKeyPem, readSigningKey, type SigningKey } from '#kernel/signed-json.ts';

/** In the spool of an installation that was given no key: all workers of the host sign with the same one. */
const ownKeyName = '.archive-signing-key.pem';

/**
 * The key that signs the archive. `configured` is `ARCHIVE_SIGNING_KEY`: a PEM text or the path of one. Without it, and
 * outside production, a key is made once beside the spool and kept.
 * Throws an Error with a sentence that says what is wrong with it.
 */
export async function openSigningKey(options: {
  configured: string | undefined;
  folder: string;
}): Promise<SigningKey> {
  const { configured, folder } = options;
  if (configured === undefined) return keptSigningKey(join(folder, ownKeyName));
  // An env file has no line breaks of its own; `\n` is how they are written there.
  const pem = configured.includes('-----BEGIN')
    ? configured.replaceAll('\\n', '\n')
    : await readFile(configured, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new Error(`ARCHIVE_SIGNING_KEY names a file that cannot be read (${error.code})`);
      });
  try {
    return readSigningKey(pem);
  } catch (error) {
    throw new Error(`ARCHIVE_SIGNING_KEY: ${(error as Error).message}`);
  }
}

/** The key in this file, which is made (mode 0600) if it is not there; of several that make it at once one wins. */
export async function keptSigningKey(path: string): Promise<SigningKey> {
  const kept = async () => readSigningKey(await readFile(path, 'utf8'));
  try {
    return await kept();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await mkdir(dirname(path), { recursive: true });
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, newSigningKeyPem(), { mode: 0o600, flush: true });
  try {
    // Unlike a rename, a link takes nothing away from whoever came first.
    await link(own, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(own, { force: true });
  }
  return kept();
}

/** Of the package, as it is written into what the worker signs. */
export const softwareVersion: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
