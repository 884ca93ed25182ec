import { expect } from 'chai';
import type { FollowedPause } from '#contract/spool-follow.ts';
import { shiftHeaderBytes } from '#contract/time-shift.ts';
import type { StoredCall } from '#domains/calls/calls.ts';
import type { ListeningService } from '#domains/listening/listening.service.ts';
import type { CallSpools } from '#domains/listening/time-shift.ports.ts';
import { createTimeShiftService } from '#domains/listening/time-shift.service.ts';
import type { Bytes } from '#domains/listening/time-shift.ts';
import { createLog } from '#kernel/log.ts';
import { shiftedPackets } from '#support/shifted-packets.ts';

const zeroMs = 1_760_000_000_000;
const delayMs = 10_000;
const person = { id: 'partner' } as never;

/** Packets of one byte every 20 ms. */
function packets(fromMs: number, toMs: number): Bytes {
  const some: Buffer[] = [];
  for (let at = Math.ceil(fromMs / 20) * 20; at < toMs; at += 20) {
    const packet = Buffer.alloc(shiftHeaderBytes + 1);
    packet[1] = 1;
    packet.writeUInt32BE(at * 10, 2);
    packet.writeUInt16BE(1, 6);
    some.push(packet);
  }
  return Buffer.concat(some);
}

/** A world in which recorders hand out whatever there is, asked for or not, and one person listens. */
function world(options: { delayed: boolean; ended?: boolean }) {
  const now = { ms: zeroMs + 60_000 };
  const call = {
    ...{
      id: 'call',
      state: options.ended ? 'ended' : 'live',
      startedAt: zeroMs,
      endedAt: options.ended ? zeroMs + 58_000 : null,
    },
    ...{ pause: null, pauses: [] },
  } as unknown as StoredCall & { pause: unknown; pauses: unknown[] };
  const spool = { edgeMs: 58_000, ended: options.ended ?? false, pauses: [] as FollowedPause[] };
  const credited: number[] = [];
  const finished: string[] = [];
  const kept: string[] = [];
  const said = () => ({
    spoolId: 'spool',
    capturing: true,
    spans: [{ fromMs: 0, toMs: spool.edgeMs }],
    ...spool,
  });
  const spools: CallSpools = {
    audio: async () => ({ ...said(), toMs: spool.edgeMs, bytes: packets(0, spool.edgeMs) }),
    waveform: async () => ({
      ...said(),
      ...{ fromMs: 0, steps: 580, agent: Buffer.alloc(580, 9), customer: Buffer.alloc(580, 9) },
    }),
    keep: async ({ callId }) => {
      kept.push(callId);
      return said();
    },
  };
  const running = new Set(['mine']);
  const listening = {
    heldBy: async (_: unknown, id: string) => {
      if (!running.has(id)) throw Object.assign(new Error(id), { code: 'listening.unknown' });
      return { callId: 'call', delayMs: options.delayed ? delayMs : null };
    },
    joinDelayed: async () => {
      if (!options.delayed) throw Object.assign(new Error('live'), { code: 'ability.denied' });
      return { listeningId: 'mine', call: {}, delayMs };
    },
    handedOut: (_: string, ms: number) => credited.push(ms),
    isRunning: (id: string) => running.has(id),
    onDisk: () => [...running].map((id) => ({ id, callId: 'call' })),
    heardOut: async (id: string) => {
      running.delete(id);
      finished.push(id);
    },
  } as unknown as ListeningService;
  const shift = createTimeShiftService({
    ...{ listening, spools, reachBackMs: 5_000 },
    calls: { find: async () => call, byIds: async () => [call] },
    clock: () => now.ms,
    log: createLog('test', 'silent'),
  });
  const heard = async (fromMs: number, toMs: number) => {
    const answer = await shift.audio(person, { listeningId: 'mine', fromMs, toMs });
    return { ...answer, times: shiftedPackets(answer.bytes).map(({ atMs }) => atMs) };
  };
  return { now, call, spool, credited, finished, kept, shift, heard };
}

describe('Hearing a call from disk', () => {
  it('gives what was asked for, as far as it is there, and credits each part once', async () => {
    const { heard, credited } = world({ delayed: false });
    const first = await heard(40_000, 50_000);
    expect(first).to.include({ fromMs: 40_000, toMs: 50_000, edgeMs: 58_000, ended: false });
    expect([first.times[0], first.times.at(-1)]).to.deep.equal([40_000, 49_980]);
    expect(await heard(50_000, 70_000)).to.include({ toMs: 58_000 });
    expect(await heard(45_000, 55_000)).to.include({ toMs: 55_000 });
    expect(await heard(59_000, 70_000)).to.deep.include({ toMs: 59_000, times: [] });
    expect(credited.filter((ms) => ms > 0)).to.deep.equal([10_000, 8_000]);
  });

  it('gives a delayed seat nothing younger than its delay, whatever is asked and whatever a recorder answers', async () => {
    const { heard, shift, now } = world({ delayed: true });
    for (const [from, to] of [
      [0, 30_000],
      [40_000, 60_000],
      [49_000, 50_500],
      [57_990, 58_000],
      [2 ** 31 - 1, 2 ** 31],
    ] as const) {
      const { times, edgeMs, toMs, ended } = await heard(from, to);
      expect(edgeMs).to.equal(49_880);
      expect(ended).to.equal(false);
      for (const at of times) expect(at).to.be.within(from, Math.min(to, toMs, 49_879));
    }
    const drawn = await shift.waveform(person, { listeningId: 'mine', fromMs: 0 });
    expect(drawn.agent).to.have.length(498);
    expect(drawn.edgeMs).to.equal(49_880);
    now.ms += 1_000;
    expect((await heard(40_000, 60_000)).times.at(-1)).to.equal(50_860);
  });

  it('takes from a delayed seat what a pause covers and what came just before it, from whichever source it is known', async () => {
    const { heard, call, spool, shift } = world({ delayed: true });
    spool.pauses = [{ fromMs: 20_000, toMs: 22_000 }];
    call.pauses.push({ since: zeroMs + 20_010, endedAt: zeroMs + 22_010 });
    // Only the books know of this one yet.
    (call as { pause: unknown }).pause = { since: zeroMs + 48_000 };
    const early = await heard(10_000, 30_000);
    expect(early.times.filter((at) => at > 14_900 && at < 22_010)).to.deep.equal([]);
    expect(early.times).to.include.members([14_880, 22_020]);
    expect(early.toMs).to.equal(30_000);
    expect((await heard(40_000, 60_000)).times.at(-1)).to.equal(42_880);
    const drawn = await shift.waveform(person, { listeningId: 'mine', fromMs: 0 });
    expect(drawn.customer.subarray(150, 220).every((level) => level === 0)).to.equal(true);
    expect(drawn.customer.subarray(431).every((level) => level === 0)).to.equal(true);
    expect(drawn.pauses).to.deep.equal([
      { fromMs: 15_000, toMs: 22_010 },
      { fromMs: 43_000, toMs: null },
    ]);
  });

  it('tells the end of a call to a delayed seat when it is as far', async () => {
    const { heard, now } = world({ delayed: true, ended: true });
    expect((await heard(40_000, 60_000)).ended).to.equal(false);
    now.ms += 8_000;
    expect(await heard(40_000, 60_000)).to.include({ ended: false, toMs: 57_880 });
    now.ms += 1_000;
    expect(await heard(40_000, 60_000)).to.include({ ended: true, edgeMs: 58_000, toMs: 58_000 });
  });

  it('gives nothing to somebody whose listening it is not', async () => {
    const { shift } = world({ delayed: false });
    for (const ask of [
      () => shift.audio(person, { listeningId: 'other', fromMs: 0, toMs: 1_000 }),
      () => shift.waveform(person, { listeningId: 'other', fromMs: 0 }),
    ]) {
      expect(await ask().catch((error: { code: string }) => error.code)).to.equal('listening.unknown');
    }
  });

  it('believes an end that no recorder saw after a while', async () => {
    const { heard, spool, now } = world({ delayed: false, ended: true });
    spool.ended = false;
    now.ms = zeroMs + 60_000;
    expect((await heard(50_000, 60_000)).ended).to.equal(false);
    now.ms = zeroMs + 64_000;
    expect((await heard(50_000, 60_000)).ended).to.equal(true);
  });

  it('keeps a call at its recorders while a listener holds still, and finishes a hearing that has heard out', async () => {
    const { heard, shift, now, kept, finished } = world({ delayed: false, ended: true });
    await heard(40_000, 60_000);
    now.ms += 21_000;
    await shift.settle();
    expect(kept).to.deep.equal(['call']);
    now.ms += 21_000;
    await shift.settle();
    expect(finished).to.deep.equal([]);
    now.ms += 21_000;
    await shift.settle();
    expect(finished).to.deep.equal(['mine']);

    const left = world({ delayed: false, ended: true });
    await left.heard(0, 10_000);
    for (let i = 0; i < 28; i++) {
      left.now.ms += 21_000;
      await left.shift.settle();
    }
    expect(left.finished, 'the rest may still be heard').to.deep.equal([]);
    left.now.ms += 21_000;
    await left.shift.settle();
    expect(left.finished).to.deep.equal(['mine']);
  });

  it('is for seats that are delayed only where it has no live path', async () => {
    const { shift } = world({ delayed: false });
    const refused = await shift
      .joinDelayed(person, { slotId: 'slot' }, 'socket')
      .catch((error: { code: string }) => error.code);
    expect(refused).to.equal('ability.denied');
  });
});
