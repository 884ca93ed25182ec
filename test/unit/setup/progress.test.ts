import { expect } from 'chai';
import { forConsole } from '#scripts/log-file.ts';
import { duration, Terminal } from '#scripts/setup/progress.ts';

describe('what a launcher shows', () => {
  function output(isTTY: boolean) {
    const written: string[] = [];
    const terminal = new Terminal({ isTTY, columns: 120, write: (text: string) => written.push(text) });
    return { terminal, text: () => written.join('') };
  }

  it('says durations as people do', () => {
    expect([400, 8_200, 65_000, 3_723_000].map(duration)).to.deep.equal([
      '0 s',
      '8 s',
      '1:05 min',
      '1:02:03 h',
    ]);
  });

  it('keeps lines whole above the updating line of a terminal', () => {
    const { terminal, text } = output(true);
    const step = terminal.step('building the media worker');
    step.update(132, 258, 'files');
    terminal.line('a line that stays');
    terminal.line('another');
    step.done();
    const drawn = 'building the media worker 132 of 258 (files), 0 s';
    expect(text()).to.equal(
      `a line that stays\n${drawn}\r\x1b[Kanother\n${drawn}\r\x1b[K`,
      'short steps leave no line behind',
    );
  });

  it('writes no control characters where nobody watches', () => {
    const { terminal, text } = output(false);
    terminal.step('demo data').done('12 calls');
    terminal.step('the web app').failed();
    expect(text()).to.equal('demo data: 12 calls, 0 s\nthe web app: failed after 0 s\n');
  });

  it('shows of a child what a person has to know', () => {
    expect(forConsole('{"level":30,"msg":"listening"}')).to.equal(undefined);
    expect(
      forConsole('{"level":50,"time":1,"pid":2,"msg":"seal failed","callId":"c1","err":{"message":"no S3"}}'),
    ).to.equal('error seal failed callId=c1 (no S3)');
    expect(forConsole('Segmentation fault')).to.equal('Segmentation fault');
    expect(forConsole('{"level":')).to.equal('{"level":');
    expect(forConsole('')).to.equal(undefined);
  });
});
