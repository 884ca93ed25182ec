import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { LaneReading, markLine } from '#scripts/lanes/lane-marks.ts';
import { lanesOf, wholeSuite } from '#scripts/lanes/lanes.ts';
import { type LaneEnd, verdictOf } from '#scripts/lanes/verdict.ts';
import { PROJECT_ROOT } from '#scripts/setup/root.ts';

describe('the lanes of the whole suite', () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'lanes-'));
    for (const file of ['test/a/2.test.ts', 'test/a/1.test.ts', 'test/b/deep/3.test.ts', 'test/b/not.ts']) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), '');
    }
  });
  after(() => rmSync(root, { recursive: true }));
  const every = 'test/**/*.test.ts';

  it('give every file to the first that asks for it, in order', () => {
    const plan = [
      { name: 'one', takes: ['test/b/**/*.test.ts', 'test/a/2.test.ts'] },
      { name: 'rest', takes: [every] },
    ];
    expect(lanesOf(plan, root, every)).to.deep.equal([
      { name: 'one', files: ['test/b/deep/3.test.ts', 'test/a/2.test.ts'] },
      { name: 'rest', files: ['test/a/1.test.ts'] },
    ]);
  });

  it('leave no file out, and none of them is empty', () => {
    const one = { name: 'one', takes: ['test/a/*.test.ts'] };
    expect(() => lanesOf([one], root, every)).to.throw('in no lane: test/b/deep/3.test.ts');
    expect(() => lanesOf([one, one], root, every)).to.throw('the lane one has no tests');
  });

  it('hold this file', () => {
    const files = lanesOf(wholeSuite, PROJECT_ROOT).flatMap((lane) => lane.files);
    expect(files.filter((file) => file === 'test/unit/setup/lanes.test.ts')).to.have.length(1);
    expect(new Set(files).size).to.equal(files.length);
  });
});

describe('a lane’s output', () => {
  const sums = { passed: 1, failed: 1, pending: 0, ms: 1_500 };
  const lines = (text: string) => text.split('\n').slice(0, -1);

  it('is read file by file, with the failures apart', () => {
    const reading = new LaneReading();
    const text = [
      '  a suite\n    ✔ passes\n',
      markLine({ kind: 'file', path: 'test/a.test.ts', ms: 1_000 }),
      `  another\n    1) fails\nunfinished${markLine({ kind: 'file', path: 'test/b.test.ts', ms: 500 })}`,
      markLine({ kind: 'over', ...sums }),
      '  1) another fails:\n     why\n',
      markLine({ kind: 'told' }),
      'late\n',
    ].join('');
    const blocks = lines(text).flatMap((line) => reading.read(line) ?? []);
    expect(blocks).to.deep.equal([
      { path: 'test/a.test.ts', ms: 1_000, lines: ['  a suite', '    ✔ passes'] },
      { path: 'test/b.test.ts', ms: 500, lines: ['  another', '    1) fails', 'unfinished'] },
    ]);
    expect(reading.sums).to.deep.equal(sums);
    expect(reading.told).to.equal(true);
    expect(reading.failures).to.deep.equal(['  1) another fails:', '     why']);
    expect(reading.rest()).to.deep.equal(['late']);
  });

  it('is not lost where the lane dies within a file', () => {
    const reading = new LaneReading();
    reading.read('  a suite');
    expect([reading.sums, reading.told, reading.rest()]).to.deep.equal([undefined, false, ['  a suite']]);
  });
});

describe('the verdict on a run', () => {
  const lane = (name: string, over: Partial<LaneEnd> = {}): LaneEnd => ({
    ...{ name, sums: { passed: 10, failed: 0, pending: 0, ms: 61_000 }, failures: [], code: 0, signal: null },
    ...over,
  });
  const failed = (count: number) => ({ passed: 9, failed: count, pending: 0, ms: 1_000 });

  it('is good when all lanes are', () => {
    const { lines, code } = verdictOf([lane('a'), lane('b')]);
    expect(code).to.equal(0);
    expect(lines).to.deep.equal([
      '20 passing, 0 failing',
      '  a: 10 passing, 0 failing in 1:01 min',
      '  b: 10 passing, 0 failing in 1:01 min',
    ]);
  });

  it('is the worst of the lanes, with the failures of all at the end', () => {
    const { lines, code } = verdictOf([
      lane('a', { sums: failed(1), failures: ['  1) one'], code: 1 }),
      lane('b'),
      lane('c', { sums: failed(3), failures: ['  1) two', '  2) three'], code: 3 }),
    ]);
    expect(code).to.equal(3);
    expect(lines[0]).to.equal('28 passing, 4 failing');
    expect(lines.slice(4)).to.deep.equal([
      ...['', 'Failures of a:', '  1) one', '', 'Failures of c:', '  1) two', '  2) three'],
    ]);
  });

  for (const [what, end, words] of [
    ['died by a signal', { sums: undefined, code: null, signal: 'SIGSEGV' }, 'ended by SIGSEGV before'],
    ['ended before its tests', { sums: undefined, code: 0 }, 'ended with code 0 before its tests were over'],
    ['died after its tests', { code: null, signal: 'SIGABRT' }, 'ended by SIGABRT although no test failed'],
    ['ended badly after its tests', { code: 7 }, 'ended with code 7 although no test failed'],
    ['leaks', { code: null, signal: 'SIGKILL', ended: 'leak' }, 'did not end after its tests'],
    ['hung', { sums: undefined, code: null, signal: 'SIGKILL', ended: 'silent' }, 'said nothing for minutes'],
    ['ran nothing', { sums: { ...failed(0), passed: 0 } }, 'ran no test'],
  ] as const) {
    it(`is bad when a lane ${what}`, () => {
      const { lines, code } = verdictOf([lane('a'), lane('b', end)]);
      expect(code).to.be.greaterThan(0);
      expect(lines.join('\n')).to.include(`b: ${words}`);
    });
  }
});
