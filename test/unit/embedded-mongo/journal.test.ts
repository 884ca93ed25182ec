import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Journal, readJournal, rewriteJournal } from '#scripts/embedded/mongo/journal.ts';

describe('The journal of the embedded document server', () => {
  let folder: string;
  let file: string;
  const fail = (error: Error) => {
    throw error;
  };
  const read = () => readJournal(file, () => {}).map((payload) => Buffer.from(payload).toString());

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
    file = join(folder, 'x.journal');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('has on disk what was appended before flushed() resolved, in order', async () => {
    const journal = await Journal.open(file, fail);
    const done: Promise<unknown>[] = [];
    for (let i = 0; i < 500; i++) {
      journal.append(Buffer.from(`record ${i}`));
      const at = i;
      done.push(journal.flushed().then(() => expect(read().length).to.be.greaterThan(at)));
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(done);
    expect(read()).to.deep.equal(Array.from({ length: 500 }, (_, i) => `record ${i}`));
    await journal.close();
  });

  it('reads nothing from a file that is not there', () => {
    expect(read()).to.deep.equal([]);
  });

  it('cuts off a last record at whatever byte it broke', async () => {
    rewriteJournal(file, [Buffer.from('one'), Buffer.from('two')]);
    const whole = readFileSync(file);
    const first = whole.length / 2;
    for (let length = first + 1; length < whole.length; length++) {
      writeFileSync(file, whole.subarray(0, length));
      let torn = 0;
      expect(
        readJournal(file, (bytes) => {
          torn = bytes;
        }),
      ).to.have.length(1);
      expect(torn).to.equal(length - first);
      expect(statSync(file).size).to.equal(first);
    }
  });

  it('does not take a record whose bytes were changed', () => {
    rewriteJournal(file, [Buffer.from('one'), Buffer.from('two')]);
    const whole = readFileSync(file);
    whole[whole.length - 1]! ^= 1;
    writeFileSync(file, whole);
    expect(read()).to.deep.equal(['one']);
    expect(readdirSync(folder).filter((name) => name.includes('.torn-'))).to.have.length(1);
  });

  it('is replaced as a whole', () => {
    rewriteJournal(file, [Buffer.from('old')]);
    appendFileSync(`${file}.new`, 'left over from a start that was cut off');
    rewriteJournal(file, [Buffer.from('new')]);
    expect(read()).to.deep.equal(['new']);
    expect(existsSync(`${file}.new`)).to.equal(false);
  });
});
