import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';

const NOBODY = 65_534;

describe('missing packages', () => {
  it('are named in one line with the command to type, for a user who may not install them', async () => {
    // A system with apt-get on it and nothing else: no packages, no sudo.
    const bare = await mkdtemp(join(tmpdir(), 'bare-'));
    await symlink('/bin/true', join(bare, 'apt-get'));
    await chmod(bare, 0o755);
    const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(import.meta.dirname, 'fixtures/ensure-packages.ts')],
      { ...user, env: { PATH: bare } },
    );
    await rm(bare, { recursive: true });

    const lines = stdout.trim().split('\n');
    expect(lines).to.have.length(1);
    const names = ['redis-server', 'ffmpeg', 'asterisk-core-sounds-en-wav', 'chromium', 'fonts-noto-cjk'];
    for (const name of names) expect(lines[0]).to.contain(name);
    expect(lines[0]).to.match(/^packages missing: .*not root.* type: sudo apt-get install .*redis-server/);
    // Nothing is compiled where a worker is there, so no compiler is asked for.
    expect(lines[0]).not.to.contain('g++');
  });
});
