import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { PROJECT_ROOT } from '#scripts/setup/root.ts';

/** What only the launchers read. */
const LAUNCHERS_OWN = ['DATA_DIR'];

describe('.env.example', () => {
  const namesIn = async (path: string, pattern: RegExp) =>
    [...(await readFile(join(PROJECT_ROOT, path), 'utf8')).matchAll(pattern)].map(
      ([, name]) => name as string,
    );

  it('names every variable that the server and the worker read, once, and no other', async () => {
    const read = await namesIn('server/kernel/config.ts', /^ {2,6}([A-Z][A-Z0-9_]+): ?\S*/gm);
    const documented = await namesIn('.env.example', /^([A-Z][A-Z0-9_]+)=/gm);
    expect(read).to.include.members(['REDIS_URL', 'MONGODB_URL', 'WORKER_ID']);
    expect(documented.toSorted()).to.deep.equal([...new Set(read), ...LAUNCHERS_OWN].sort());
  });
});
