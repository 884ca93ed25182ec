import { appendFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type BeepingLeg, spoolBeepingCall } from '#support/beeping-call.ts';
import { CallOnDisk, callStartMs } from '#support/call-on-disk.ts';
import { FollowedCall } from '#worker/follow/followed-call.ts';
import type { PacketIndex } from '#worker/seal/packet-index.ts';
import { readSpool } from '#worker/seal/read-spool.ts';
import { placePackets } from '#worker/seal/timeline.ts';

const frame = Buffer.alloc(160, 0xff);
/** As near as a followed packet has to be to where the seal puts it, ms. */
const near = 20;

const keyOf = (legId: string, index: PacketIndex, packet: number) =>
  `${legId} ${index.ssrc[packet]} ${index.timestamp[packet]} ${index.sequence[packet]}`;

/** UTC ms of each packet as the seal places it, once all is there. */
async function sealedPlaces(folder: string): Promise<Map<string, number>> {
  const places = new Map<string, number>();
  for (const { leg, index } of (await readSpool(folder)).legs) {
    const timeline = placePackets(index, leg.clockRate);
    if (!timeline) continue;
    for (const [i, packet] of timeline.order.entries()) {
      const ms = timeline.startMs + (timeline.position[i]! * 1_000) / timeline.clockRate;
      places.set(keyOf(`${leg.legId} ${leg.codec}`, index, packet), ms);
    }
  }
  return places;
}

function followedPlaces(call: FollowedCall): Map<string, number> {
  const places = new Map<string, number>();
  for (const leg of call.legs()) {
    for (let packet = 0; packet < leg.placing.count; packet++) {
      places.set(keyOf(`${leg.leg.legId} ${leg.leg.codec}`, leg.index, packet), leg.placing.at[packet]!);
    }
  }
  return places;
}

/** Follows a finished spool as if it were being written: all its files grow in `steps`, cut anywhere. */
async function followGrowing(folder: string, steps: number) {
  const target = await mkdtemp(join(tmpdir(), 'follow-'));
  await mkdir(target, { recursive: true });
  const names = await readdir(folder);
  const files = await Promise.all(
    names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })),
  );
  const call = new FollowedCall(target, { lookEveryMs: 0 });
  /** Where each packet was first said to be. */
  const told = new Map<string, number>();
  try {
    for (let step = 1; step <= steps; step++) {
      for (const { name, bytes } of files) {
        // A log says of its legs at once; the audio comes little by little.
        const share = (n: number) => (name.endsWith('.jsonl') ? 1 : n / steps);
        const from = step === 1 ? 0 : Math.floor(bytes.length * share(step - 1));
        await appendFile(join(target, name), bytes.subarray(from, Math.floor(bytes.length * share(step))));
      }
      await call.look();
      if (step % 3 !== 0 && step !== steps) continue;
      for (const [key, ms] of followedPlaces(call)) if (!told.has(key)) told.set(key, ms);
    }
    return { told, last: followedPlaces(call) };
  } finally {
    await call.close();
    await rm(target, { recursive: true, force: true });
  }
}

const furthest = (places: Map<string, number>, sealed: Map<string, number>, from = 0) => {
  let worst = 0;
  for (const [key, ms] of places) {
    const right = sealed.get(key)!;
    if (right >= callStartMs + from) worst = Math.max(worst, Math.abs(ms - right));
  }
  return worst;
};

describe('A call that is followed while it is recorded', function () {
  this.timeout(60_000);
  const calls: CallOnDisk[] = [];
  after(() => Promise.all(calls.map((call) => call.remove())));
  const folderOf = (call: CallOnDisk) => join(call.dir, call.job.callId);

  it('has its packets where the seal will have them: loss, jitter, reordering, holds, clocks that are wrong', async () => {
    const legs: BeepingLeg[] = [
      { role: 'agent', codec: 'PCMU', fromMs: 0, toMs: 180_000, ppm: -180 },
      {
        ...{ role: 'customer', codec: 'PCMA', fromMs: 330, toMs: 180_000, ppm: 190 },
        holds: [{ fromMs: 60_000, toMs: 75_000 }],
      },
    ];
    const { call } = await spoolBeepingCall(legs, 0.02);
    calls.push(call);
    const sealed = await sealedPlaces(folderOf(call));
    const { told, last } = await followGrowing(folderOf(call), 120);
    expect(last.size).to.equal(sealed.size);
    expect(sealed.size).to.be.above(15_000);
    expect(furthest(last, sealed)).to.be.below(near);
    // What was said first stands, but for the very first seconds, in which the least delayed packet is yet to come.
    expect(told.size).to.equal(sealed.size);
    expect(furthest(told, sealed, 10_000)).to.be.below(near);
  });

  it('follows a stream through wraps, silence, another SSRC and another codec', async () => {
    const call = await CallOnDisk.create();
    calls.push(call);
    const times = (count: number, work: () => void) => {
      for (let i = 0; i < count; i++) work();
    };
    // Sequence and timestamp wrap within the first seconds (see LegFeed).
    const agent = call.leg('agent', 'PCMU');
    times(400, () => agent.frame(frame));
    agent.pause(150);
    times(300, () => agent.frame(frame));
    agent.ssrc = 77;
    agent.timestamp = 5;
    agent.sequence = 9;
    times(300, () => agent.frame(frame));
    agent.stall(40);
    times(200, () => agent.frame(frame));
    const again = call.leg('agent', 'PCMA', agent.atMs + 60);
    times(300, () => again.frame(frame));
    await call.write([...call.items].sort(byArrival).map((item, i) => ({ ...item, sequence: i + 1 })));
    const sealed = await sealedPlaces(folderOf(call));
    const { told, last } = await followGrowing(folderOf(call), 30);
    expect(last.size).to.equal(1_500);
    expect(furthest(last, sealed)).to.be.below(near);
    expect(furthest(told, sealed)).to.be.below(near);
  });
});

const byArrival = (a: CallOnDisk['items'][number], b: CallOnDisk['items'][number]) =>
  (a.kind === 'packet' ? a.arrivalMs : 0) - (b.kind === 'packet' ? b.arrivalMs : 0);
