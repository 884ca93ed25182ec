import { expect } from 'chai';
import type { CaptureJob, WorkerHeartbeat } from '#contract/capture.ts';
import type { CallTap, TapStatus } from '#domains/calls/calls.ports.ts';
import { type CopiesWanted, createCopies, wantedCopies } from '#domains/recordings/copies.ts';
import { createLog } from '#kernel/log.ts';

const call = { id: 'rec_1', callId: 'call_1' };

/** A tap with one call, whose recorders the test connects and takes away. */
class FakeTap {
  readonly copies: { workerId: string | null; expected: boolean }[] = [
    { workerId: null, expected: false },
    { workerId: null, expected: false },
  ];
  ended = false;
  leases = 0;

  lease(_: string, copy = 0) {
    this.copies[copy] = { workerId: null, expected: true };
    return { host: 'tap', port: 1, lease: `lease_${++this.leases}` };
  }
  waive(_: string, copy: number): void {
    this.copies[copy] = { workerId: null, expected: false };
  }
  status(): TapStatus[] {
    return [
      {
        callId: call.callId,
        connected: this.copies.some(({ workerId }) => workerId !== null),
        copies: this.copies.map((one) => ({ ...one })),
        ended: this.ended,
        bufferedMs: 0,
        bufferedBytes: 0,
        packets: 0,
        dropped: 0,
      },
    ];
  }
  on() {
    return () => {};
  }
}

function house(asked: CopiesWanted, workers: string[]) {
  const tap = new FakeTap();
  const jobs: CaptureJob[] = [];
  const untaken: number[] = [];
  const world = { now: 1_000_000, living: workers, refusing: new Set<string>() };
  const copies = createCopies({
    tap: tap as unknown as CallTap,
    queues: {
      enqueueCapture: async (job) => {
        jobs.push(job);
      },
    },
    workers: async () =>
      world.living.map(
        (workerId): WorkerHeartbeat => ({
          workerId,
          startedAt: 0,
          at: world.now,
          captures: 0,
          spoolBytes: 0,
          spoolFreeBytes: 1,
          cpuSeconds: 0,
          refusing: world.refusing.has(workerId) ? 'disk' : null,
        }),
      ),
    copies: asked,
    onUntaken: ({ forMs }) => untaken.push(forMs),
    clock: () => world.now,
    log: createLog('test', 'silent'),
  });
  const connect = (copy: number, workerId: string | null) => {
    tap.copies[copy] = { ...tap.copies[copy]!, workerId };
  };
  return { tap, jobs, untaken, world, copies, connect, asked: () => jobs.splice(0).map(({ copy }) => copy) };
}

describe('the copies of a call', () => {
  it('are two where two workers take calls, one where one does, and as many as asked for', () => {
    const free = { copies: [{ workerId: null, expected: false }], ended: false };
    const held = { copies: [{ workerId: 'b', expected: true }], ended: false };
    expect(wantedCopies('auto', new Set(['a', 'b', 'c']), free)).to.equal(2);
    expect(wantedCopies('auto', new Set(['a']), free)).to.equal(1);
    expect(wantedCopies('auto', new Set(), free)).to.equal(1);
    expect(wantedCopies('auto', new Set(['a']), held), 'b is full, but has this call').to.equal(2);
    expect(wantedCopies('1', new Set(['a', 'b']), free)).to.equal(1);
    expect(wantedCopies('2', new Set(['a']), free)).to.equal(2);
    expect(wantedCopies('2', new Set(['a', 'b']), { ...free, ended: true })).to.equal(1);
  });

  it('are asked for at the start', async () => {
    const two = house('auto', ['a', 'b']);
    await two.copies.begin(call);
    expect(two.asked()).to.deep.equal([0, 1]);
    const one = house('auto', ['a']);
    await one.copies.begin(call);
    expect(one.asked()).to.deep.equal([0]);
  });

  it('follow the workers as they go and come', async () => {
    const { copies, world, connect, asked, tap } = house('auto', ['a', 'b']);
    await copies.begin(call);
    connect(0, 'a');
    connect(1, 'b');
    asked();
    await copies.tend();
    expect(asked(), 'both are there').to.be.empty;
    connect(1, null);
    await copies.lost(call, 1);
    expect(asked(), 'b may have lost only its connection').to.deep.equal([1]);
    world.living = ['a'];
    await copies.tend();
    expect(tap.copies[1]!.expected, 'nothing is kept for a second worker that is not there').to.be.false;
    await copies.tend();
    expect(asked()).to.be.empty;
    world.living = ['a', 'c'];
    await copies.tend();
    expect(asked()).to.deep.equal([1]);
    await copies.tend();
    expect(asked(), 'it was asked for a moment ago').to.be.empty;
    world.now += 21_000;
    await copies.tend();
    expect(asked(), 'nobody took it').to.deep.equal([1]);
  });

  it('do not count on a worker that refuses', async () => {
    const { copies, world, asked, connect } = house('auto', ['a', 'b']);
    world.refusing.add('b');
    await copies.begin(call);
    expect(asked()).to.deep.equal([0]);
    connect(0, 'a');
    world.refusing.clear();
    await copies.tend();
    expect(asked()).to.deep.equal([1]);
  });

  it('raise an alarm once when nobody takes the call, and are asked for on and on', async () => {
    const { copies, world, untaken, connect, asked } = house('auto', []);
    await copies.begin(call);
    for (let second = 0; second < 50; second++) {
      await copies.tend();
      world.now += 1_000;
    }
    expect(untaken).to.deep.equal([5_000]);
    expect(copies.untaken()).to.equal(1);
    expect(asked()).to.deep.equal([0, 0, 0]);
    connect(0, 'a');
    await copies.tend();
    expect(copies.untaken()).to.equal(0);
  });

  it('move at once when the only recorder is lost', async () => {
    const { copies, connect, asked } = house('auto', ['a']);
    await copies.begin(call);
    connect(0, 'a');
    asked();
    connect(0, null);
    await copies.lost(call, 0);
    expect(asked()).to.deep.equal([0]);
  });
});
