import type { Progress } from './progress.ts';
import { findOnPath, run } from './run.ts';
import { SetUpError } from './set-up-error.ts';

/** What a start may need of the system. */
export type Purpose = 'worker-build' | 'redis' | 'audio' | 'speech' | 'browser' | 'relay';

interface DebianPackage {
  name: string;
  /** A program that makes the package needless where it is on PATH by other means (another system, a local build). */
  program?: string;
}

const PACKAGES: Record<Purpose, DebianPackage[]> = {
  'worker-build': [
    { name: 'g++' },
    { name: 'make' },
    { name: 'pkg-config' },
    { name: 'flatbuffers-compiler' },
    { name: 'libflatbuffers-dev' },
    { name: 'libabsl-dev' },
    { name: 'libsrtp2-dev' },
    { name: 'libuv1-dev' },
    { name: 'libssl-dev' },
    // Unpacks and patches source packages.
    { name: 'dpkg-dev', program: 'dpkg-source' },
  ],
  redis: [{ name: 'redis-server', program: 'redis-server' }],
  audio: [{ name: 'ffmpeg', program: 'ffmpeg' }],
  speech: [
    { name: 'asterisk-core-sounds-en-wav' },
    { name: 'asterisk-moh-opsound-wav' },
    { name: 'espeak-ng', program: 'espeak-ng' },
  ],
  // A real TURN server for the tests; it is not started by its installation where there is no init system.
  relay: [{ name: 'coturn', program: 'turnserver' }],
  browser: [{ name: 'chromium', program: 'chromium' }, { name: 'fonts-noto-cjk' }],
};

/** The packages that serve these purposes and are not there, by name, each once. */
export async function missingPackages(
  purposes: readonly Purpose[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string[]> {
  const wanted = [...new Set(purposes)].flatMap((purpose) => PACKAGES[purpose]);
  const installed = await installedPackages(wanted.map(({ name }) => name));
  const missing: string[] = [];
  for (const { name, program } of wanted) {
    if (installed.has(name)) continue;
    if (program && (await findOnPath(program, env))) continue;
    missing.push(name);
  }
  return missing;
}

async function installedPackages(names: string[]): Promise<Set<string>> {
  const installed = new Set<string>();
  if (names.length === 0) return installed;
  // Fails with code 1 when one of the names is unknown, and still tells of the others.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are dpkg-query's
  await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...names], {
    onLine: (line) => {
      const [name, status] = line.split(' ');
      if (name && status === 'installed') installed.add(name);
    },
  });
  return installed;
}

/** How this process may install packages: the words to put before `apt-get`, or why it may not. */
async function installer(env: NodeJS.ProcessEnv): Promise<{ prefix: string[] } | { refused: string }> {
  if (!(await findOnPath('apt-get', env))) return { refused: 'there is no apt-get here' };
  if (process.getuid?.() === 0) return { prefix: [] };
  if ((await findOnPath('sudo', env)) && (await run('sudo', ['-n', 'true'], { env })).code === 0)
    return { prefix: ['sudo', '-n'] };
  return { refused: 'this user is not root and may not use sudo without a password' };
}

/**
 * Installs what is missing for these purposes with apt-get.
 * @throws SetUpError with one line that names the missing packages and the command to type, where this process has
 * no right to install them.
 */
export async function ensurePackages(
  purposes: readonly Purpose[],
  progress: Progress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const missing = await missingPackages(purposes, env);
  if (missing.length === 0) return;
  const how = await installer(env);
  if ('refused' in how) {
    const command = `sudo apt-get install --no-install-recommends ${missing.join(' ')}`;
    throw new SetUpError(`packages missing: ${missing.join(', ')} (${how.refused}); type: ${command}`);
  }

  const step = progress.step(`installing ${missing.join(' ')}`);
  const aptGet = async (...args: string[]) => {
    // env is put before apt-get because sudo drops this process's variables.
    const words = [...how.prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-y', '-q'];
    const options = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'APT::Status-Fd=1'];
    const [command = '', ...rest] = [...words, ...options, ...args];
    return await run(command, rest, {
      env,
      uninterruptible: true,
      onLine: (line) => {
        // dlstatus:<item>:<percent>:<text> while downloading, pmstatus:<package>:<percent>:<text> while installing.
        const [kind, , percent] = line.split(':');
        if (kind === 'dlstatus') step.update(Math.round(Number(percent)), 100, 'per cent downloaded');
        else if (kind === 'pmstatus') step.update(Math.round(Number(percent)), 100, 'per cent installed');
      },
    });
  };
  // The lists may be missing (a fresh image) or old (a package has moved on); both show as a failed install.
  let result = await aptGet('install', '--no-install-recommends', ...missing);
  if (result.code !== 0) {
    await aptGet('update');
    result = await aptGet('install', '--no-install-recommends', ...missing);
  }
  if (result.code !== 0) {
    step.failed();
    const errors = result.tail.split('\n').filter((line) => line.startsWith('E: '));
    throw new SetUpError(
      `apt-get could not install ${missing.join(' ')}:\n${errors.join('\n') || result.tail}`,
    );
  }
  step.done();
}
