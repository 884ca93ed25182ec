import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type LanesOptions, runLanes } from '#scripts/lanes/run-lanes.ts';
import { isAlive } from '#scripts/setup/process-state.ts';
import { eventually } from '#support/eventually.ts';

/** Tests that a lane is given: each does to its lane what its name says. */
const suites = {
  good: `it('passes', () => {}); it('passes too', () => {});`,
  bad: `it('fails', () => { throw new Error('as it should'); });`,
  leaking: `it('passes', () => { setInterval(() => {}, 1_000); });`,
  dying: `it('dies', () => process.kill(process.pid, 'SIGSEGV'));`,
  silent: `it('hangs', function (done) { this.timeout(0); });`,
  slow: `
    const { writeFileSync } = process.getBuiltinModule('node:fs');
    after(() => writeFileSync('stopped', ''));
    it('waits', (done) => { writeFileSync('pid', String(process.pid)); setTimeout(done, 1_000); });
    it('would wait for good', function (done) { this.timeout(0); });`,
};

describe('test lanes', function () {
  this.timeout(30_000);
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'lanes-'));
    await writeFile(join(root, '.mocharc.json'), '{ "timeout": 5000, "forbid-only": true }');
    for (const [name, text] of Object.entries(suites)) {
      await writeFile(join(root, `${name}.test.mjs`), `describe('a ${name} file', () => {${text}});`);
    }
  });
  after(() => rm(root, { recursive: true, force: true }));

  async function run(names: (keyof typeof suites)[], options: Partial<LanesOptions> = {}) {
    let text = '';
    const lanes = names.map((name) => ({ name, files: [`${name}.test.mjs`] }));
    const print = (more: string) => {
      text += more;
    };
    const code = await runLanes(lanes, { root, env: process.env, sideBySide: true, print, ...options });
    return { code, text };
  }

  it('print each file whole, and all failures at the end', async () => {
    const { code, text } = await run(['good', 'bad', 'dying']);
    expect(code).to.equal(1);
    expect(text).to.match(/── good: good\.test\.mjs, \d+ s\n\s+a good file\n\s+✔ passes\n\s+✔ passes too\n/);
    expect(text).to.match(/── bad: bad\.test\.mjs, \d+ s\n\s+a bad file\n\s+1\) fails\n/);
    const end = text.slice(text.indexOf('2 passing, 1 failing'));
    expect(end).to.match(/good: 2 passing, 0 failing in \d+ s/);
    expect(end).to.include('dying: ended by SIGSEGV before its tests were over');
    expect(end).to.match(/Failures of bad:[\s\S]*1\) a bad file[\s\S]*Error: as it should/);
  });

  it('pass when every one of them does, also one after another', async () => {
    const { code, text } = await run(['good', 'good'], { sideBySide: false });
    expect(code).to.equal(0);
    expect(text).to.include('4 passing, 0 failing\n');
  });

  it('end one that is kept open after its tests, or says nothing any more, and fail', async () => {
    const leak = await run(['leaking'], { endWithinMs: 500 });
    expect(leak.code).to.equal(1);
    expect(leak.text).to.include('leaking: did not end after its tests');
    const silence = await run(['good', 'silent'], { silentMs: 2_000 });
    expect(silence.code).to.equal(1);
    expect(silence.text).to.include('silent: said nothing for minutes');
  });

  describe('when whoever runs them is told to stop', () => {
    let starter: ChildProcess;
    let pid: number;
    beforeEach(async () => {
      await Promise.all(['pid', 'stopped'].map((file) => rm(join(root, file), { force: true })));
      const program = `
        import { runLanes } from ${JSON.stringify(import.meta.resolve('#scripts/lanes/run-lanes.ts'))};
        const lanes = [{ name: 'slow', files: ['slow.test.mjs'] }];
        process.exitCode = await runLanes(lanes, { root: process.cwd(), env: process.env, sideBySide: true });`;
      starter = spawn(process.execPath, ['--input-type=module', '-e', program], {
        cwd: root,
        stdio: 'ignore',
      });
      const told = () => readFile(join(root, 'pid'), 'utf8');
      pid = Number(await eventually(told, { within: 10_000 }));
    });
    afterEach(() => {
      starter.kill('SIGKILL');
    });

    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      it(`by ${signal}, end in order`, async () => {
        starter.kill(signal);
        expect(await once(starter, 'exit')).to.deep.equal([code, null]);
        expect(isAlive(pid)).to.equal(false);
        await readFile(join(root, 'stopped'));
      });
    }

    it('by SIGKILL, end too', async () => {
      starter.kill('SIGKILL');
      await eventually(() => expect(isAlive(pid)).to.equal(false), { within: 10_000 });
      await readFile(join(root, 'stopped'));
    });
  });
});
