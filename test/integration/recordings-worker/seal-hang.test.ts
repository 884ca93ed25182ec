import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import type { Codec } from '#contract/primitives.ts';
import { CallOnDisk } from '#support/call-on-disk.ts';
import { toneFrames } from '#support/leg-feed.ts';
import { patienceFor } from '#worker/seal/ffmpeg.ts';

/** What stands in for ffmpeg: programs that never end, or end badly, in different places. */
const impostors = {
  'reads nothing and writes nothing': 'exec sleep 600',
  'takes everything and writes nothing': 'cat > /dev/null; exec sleep 600',
  'closes its ends and lives on': 'exec sleep 600 <&- >&- 2>&-',
  'leaves a child behind that holds the pipes': 'sleep 600 & echo $! > "$0.pid"; exit 1',
  'dies at once': 'exit 3',
  'answers rubbish': 'cat > /dev/null; head -c 100000 /dev/zero',
  'gives back nothing and calls it well done': 'cat > /dev/null; exit 0',
} as const;

describe('an ffmpeg that does not do its work', function () {
  this.timeout(60_000);
  const path = process.env.PATH;
  let call: CallOnDisk;
  let folder: string;

  beforeEach(async () => {
    call = await CallOnDisk.create();
    folder = await mkdtemp(join(tmpdir(), 'impostor-'));
  });
  afterEach(async () => {
    process.env.PATH = path;
    await call.remove();
    const left = await readFile(join(folder, 'ffmpeg.pid'), 'utf8').catch(() => undefined);
    if (left !== undefined) process.kill(Number(left));
    await rm(folder, { recursive: true, force: true });
  });

  async function impose(script: string): Promise<void> {
    const program = join(folder, 'ffmpeg');
    await writeFile(program, `#!/bin/sh\n${script}\n`);
    await chmod(program, 0o755);
    process.env.PATH = `${folder}${delimiter}${path}`;
  }

  const cases: readonly (readonly [Codec, 'seal.encoder' | 'seal.decoder'])[] = [
    ['PCMU', 'seal.encoder'],
    ['opus', 'seal.decoder'],
  ];
  for (const [codec, code] of cases) {
    for (const [what, script] of Object.entries(impostors)) {
      it(`is given up on in time, and the spool can be sealed later: it ${what} (${codec})`, async () => {
        const frames = await toneFrames(codec, 440, 60);
        call.leg('agent', codec).frames(frames);
        await call.write();
        await impose(script);
        const startedAt = performance.now();
        const error = await call.seal({ patience: () => 1_500 }).then(
          () => undefined,
          (thrown: { code: string; final: boolean }) => thrown,
        );
        expect(error, 'it must fail').to.include({ code, final: false });
        expect(performance.now() - startedAt).to.be.below(15_000);
        process.env.PATH = path;
        expect((await call.seal()).durationMs).to.equal(60_000);
        expect((await readdir(join(call.dir, call.job.callId))).filter((name) => name.startsWith('sealing-')))
          .to.be.empty;
      });
    }
  }

  it('is waited for the longer the more audio there is', () => {
    expect(patienceFor(0)).to.be.at.least(30_000);
    expect(patienceFor(3_600_000)).to.be.within(600_000, 3_600_000);
  });
});
