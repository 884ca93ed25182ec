import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from './progress.ts';
import { run } from './run.ts';

/**
 * SRTP costs 2–3 µs a packet with Debian's libsrtp2, which is built on NSS, and a fraction of that on OpenSSL's
 * AES-GCM. So the worker gets its libsrtp2 from Debian's *source* package, as Debian patches it, configured for OpenSSL
 * and linked statically; OpenSSL itself stays the system's. Lays `srtp/libsrtp2.a` and `srtp/include` into the build
 * folder and answers whether it could: without source packages at hand the worker takes Debian's binary.
 */
export async function buildSrtpLibrary(build: string, progress: Progress): Promise<boolean> {
  const step = progress.step('building the SRTP library on OpenSSL');
  const fetched = await fetchSource('libsrtp2', join(build, 'srtp-source'));
  if (fetched === undefined) {
    step.done('no source packages here: Debian’s own is taken');
    return false;
  }
  const env = { ...process.env, CFLAGS: '-O2 -fPIC' };
  for (const [command, ...words] of [
    ['./configure', '--enable-openssl'],
    ['make', 'libsrtp2.a'],
  ] as const) {
    const { code } = await run(command, words, { cwd: fetched, env });
    if (code === 0) continue;
    step.done('it does not build: Debian’s own is taken');
    return false;
  }
  const target = join(build, 'srtp');
  await mkdir(join(target, 'include/srtp2'), { recursive: true });
  await cp(join(fetched, 'libsrtp2.a'), join(target, 'libsrtp2.a'));
  for (const folder of ['include', 'crypto/include']) {
    for (const name of await readdir(join(fetched, folder))) {
      if (name.endsWith('.h')) await cp(join(fetched, folder, name), join(target, 'include/srtp2', name));
    }
  }
  step.done();
  return true;
}

/**
 * A Debian source package, unpacked and patched, from the archives that this system already trusts: apt checks the
 * signatures. The system's own lists are left alone. Undefined where it cannot be had.
 */
async function fetchSource(name: string, folder: string): Promise<string | undefined> {
  const fields = [
    '--format',
    '$(REPO_URI) $(RELEASE)',
    'Created-By: Packages',
    'Origin: Debian',
    'Component: main',
  ];
  const archives = new Set<string>();
  const listed = await run('apt-get', ['indextargets', ...fields], { onLine: (line) => archives.add(line) });
  if (listed.code !== 0 || archives.size === 0) return undefined;
  await mkdir(join(folder, 'lists/partial'), { recursive: true });
  await mkdir(join(folder, 'cache/archives/partial'), { recursive: true });
  const sources = [...archives].map((line) => {
    const [uri = '', suite = ''] = line.split(' ');
    return [
      'Types: deb-src',
      `URIs: ${uri}`,
      `Suites: ${suite}`,
      'Components: main',
      'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
    ].join('\n');
  });
  const list = join(folder, 'source.sources');
  await writeFile(list, `${sources.join('\n\n')}\n`);
  const apart = [
    `Dir::Etc::sourcelist=${list}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    // As root apt would hand the download to a user who may not write here.
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  const limit = { cwd: folder, timeoutMs: 120_000 };
  if ((await run('apt-get', [...apart, '-q', 'update'], limit)).code !== 0) return undefined;
  if ((await run('apt-get', [...apart, '-q', 'source', name], limit)).code !== 0) return undefined;
  const unpacked = (await readdir(folder, { withFileTypes: true })).find(
    (entry) => entry.isDirectory() && entry.name.startsWith(`${name}-`),
  );
  return unpacked && join(folder, unpacked.name);
}
