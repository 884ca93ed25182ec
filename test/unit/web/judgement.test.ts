import { expect } from 'chai';
import { judge, type Overview } from '#web/domains/operations/judgement.ts';

const worker = {
  workerId: 'worker',
  startedAt: 0,
  at: 1000,
  captures: 1,
  spoolBytes: 1000,
  spoolFreeBytes: 80e9,
  cpuSeconds: 3,
};

const capture: Overview['captures'][number] = {
  callId: 'call',
  recordingId: 'recording',
  state: 'running',
  bufferedMs: 20,
  packets: 100,
  copies: [{ workerId: 'worker' }],
};

function overview(changes: Partial<Overview> = {}): Overview {
  return {
    now: 1000,
    services: [{ name: 'mongodb', state: 'up', latencyMs: 1, detail: null }],
    media: [],
    workers: [worker],
    liveCalls: [],
    captures: [capture],
    queues: [{ name: 'seal', waiting: 1, active: 1, delayed: 0, failed: 0 }],
    storage: { recordings: 1, bytes: 1, seconds: 1 },
    coverageToday: { calls: 2, callSeconds: 300, recordedSeconds: 300, ratio: 1 },
    failures: [],
    ...changes,
  };
}

const kinds = (changes: Partial<Overview>) => judge(overview(changes)).findings.map(({ kind }) => kind);

describe('is everything being kept', () => {
  it('is a yes when nothing speaks against it', () => {
    expect(judge(overview())).to.deep.equal({ severity: 'good', findings: [] });
  });

  it('is a yes before the first call of the day has ended', () => {
    const coverageToday = { calls: 0, callSeconds: 0, recordedSeconds: 0, ratio: null };
    expect(judge(overview({ coverageToday })).severity).to.equal('good');
  });

  it('is a no without a recorder, with a lost capture, or with a store that is down', () => {
    expect(kinds({ workers: [] })).to.deep.equal(['no-recorder']);
    expect(kinds({ captures: [{ ...capture, state: 'lost', bufferedMs: 9000 }] })).to.deep.equal([
      'capture-lost',
    ]);
    const down = { name: 's3', state: 'down', latencyMs: null, detail: null } as const;
    expect(judge(overview({ services: [down] })).severity).to.equal('bad');
  });

  it('lets a capture wait for a moment, not for long', () => {
    const waiting = { ...capture, state: 'waiting', bufferedMs: 900 } as const;
    expect(kinds({ captures: [waiting] })).to.deep.equal([]);
    expect(kinds({ captures: [{ ...waiting, bufferedMs: 6000 }] })).to.deep.equal(['capture-waiting']);
  });

  it('wants a look when seconds are missing, but not for rounding', () => {
    const missing = (recordedSeconds: number) => ({
      coverageToday: { calls: 2, callSeconds: 300, recordedSeconds, ratio: recordedSeconds / 300 },
    });
    expect(kinds(missing(299.2))).to.deep.equal([]);
    expect(kinds(missing(290))).to.deep.equal(['coverage']);
  });

  it('says so when recorders take no more calls, and louder when none does', () => {
    const full = { ...worker, workerId: 'full', refusing: 'disk' } as const;
    expect(kinds({ workers: [worker, full] })).to.deep.equal(['recorder-refusing']);
    expect(judge(overview({ workers: [full] })).findings).to.deep.equal([
      { severity: 'bad', kind: 'recorders-refuse' },
    ]);
    // One that stops is on its way out, and no news.
    expect(kinds({ workers: [worker, { ...full, refusing: 'stopping' }] })).to.deep.equal([]);
  });

  it('names a call of which only one of two copies is written', () => {
    const copies = [{ workerId: 'worker' }, { workerId: null }];
    expect(kinds({ captures: [{ ...capture, copies }] })).to.deep.equal(['copy-missing']);
  });

  it('counts what the archive check found', () => {
    const checked = (count: number) => judge(overview(), { open: [{ kind: 'object-missing', count }] });
    expect(checked(2).findings).to.deep.equal([{ severity: 'warn', kind: 'archive-findings', count: 2 }]);
    expect(judge(overview(), { open: [] }).severity).to.equal('good');
  });

  it('puts what is bad before what only wants a look', () => {
    const queues = [{ name: 'seal', waiting: 0, active: 0, delayed: 0, failed: 2 }];
    const { severity, findings } = judge(overview({ queues, workers: [] }));
    expect(severity).to.equal('bad');
    expect(findings.map(({ kind }) => kind)).to.deep.equal(['no-recorder', 'queue-failed']);
  });
});
