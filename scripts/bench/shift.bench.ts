import { timeShiftRequests } from '#contract/time-shift.ts';
import { PersonClient } from '#support/clients/person-client.ts';
import { RoomClient } from '#support/clients/room-client.ts';
import { shiftedPackets } from '#support/shifted-packets.ts';
import { type Figure, percentile, rounded } from './figures.ts';
import { heard } from './join.bench.ts';
import { RtpSource } from './rtp-source.ts';
import { cpuSecondsOf, type World } from './world.ts';

const calls = 20;
/** What a player asks for at a time, and after a seek, ms. */
const pieceMs = 2_000;
const packetsOf = (ms: number) => (2 * ms) / 20;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

interface Shifted {
  readonly room: RoomClient;
  readonly listeningId: string;
  readonly startedAt: number;
}

/**
 * Hearing live calls from disk: from a seek's request to its audio at the client, over a real socket, with one and with
 * many listeners who go on fetching what they hear, on 20 live calls; and what a listener so costs the recorder and the
 * server. The sound of each answer is counted: one that lacks packets fails the bench.
 */
export async function measureShift(
  world: World,
  { listeners, seeks, seconds }: { listeners: number; seeks: number; seconds: number },
): Promise<Figure[]> {
  const source = new RtpSource();
  const rooms: RoomClient[] = [];
  const opened: string[] = [];
  try {
    const targets = [];
    for (let i = 0; i < calls; i++) {
      const { callId, legs } = await world.telephony.open({ lineId: 'supermarket' });
      opened.push(callId);
      targets.push({ id: callId, ports: legs.map(({ port }) => port) });
    }
    await source.start(targets);
    await Promise.all(opened.map((callId) => heard(world, callId)));
    // Something to go back to.
    await pause(20_000);
    const idle = await cpuOver(world, seconds);

    const shifted: Shifted[] = [];
    const join = async (n: number) => {
      const person = await PersonClient.signIn(world.server.url, `crowd-${n + 1}`);
      const room = await RoomClient.open(person, world.slotId);
      rooms.push(room);
      const { listeningId, call } = await room.ask(opened[n % calls]!);
      await room.socket.request(timeShiftRequests.shift, { listeningId, on: true });
      shifted.push({ room, listeningId, startedAt: call.startedAt! });
    };
    await join(0);
    const alone: number[] = [];
    for (let i = 0; i < seeks; i++) {
      alone.push(await seek(shifted[0]!));
      await pause(100);
    }

    for (let n = 1; n < listeners; n++) await join(n);
    let playing = true;
    const players = shifted.map(async (one, n) => {
      await pause((n * pieceMs) / listeners);
      for (let fromMs = 1_000; playing; fromMs += pieceMs) {
        const began = performance.now();
        await fetchPiece(one, fromMs);
        await pause(Math.max(0, pieceMs - (performance.now() - began)));
      }
    });
    await pause(pieceMs);
    const busy = await cpuOver(world, seconds);
    const among: number[] = [];
    while (among.length < seeks) {
      among.push(await seek(shifted[Math.floor(Math.random() * shifted.length)]!));
      await pause(50);
    }
    playing = false;
    await Promise.all(players);

    const perListener = (what: 'worker' | 'server') =>
      rounded((Math.max(0, busy[what] - idle[what]) / listeners) * 100, 2);
    return [
      ...seekRows('1 shifted listener', alone),
      ...seekRows(`${listeners} shifted listeners on ${calls} calls`, among),
      {
        name: `recorder, per shifted listener (${listeners}, pieces of ${pieceMs / 1_000} s)`,
        value: perListener('worker'),
        unit: '% of a core',
        beside: `${rounded(idle.worker * 100)} % capturing ${calls} calls, ${rounded(busy.worker * 100)} % with them`,
      },
      {
        name: `server, per shifted listener (${listeners})`,
        value: perListener('server'),
        unit: '% of a core',
        beside: `${rounded(idle.server * 100)} % without, ${rounded(busy.server * 100)} % with them; SFU workers apart`,
      },
    ];
  } finally {
    for (const room of rooms) room.close();
    await Promise.all(opened.map((id) => source.stop(id).catch(() => 0)));
    source.close();
    await Promise.all(opened.map((callId) => world.telephony.end(callId).catch(() => undefined)));
  }
}

function seekRows(who: string, times: readonly number[]): Figure[] {
  const p95 = percentile(times, 95);
  return [
    {
      name: `seek to audio at the client, ${who}, p50 of ${times.length}`,
      value: rounded(percentile(times, 50)),
      unit: 'ms',
    },
    {
      name: `seek to audio at the client, ${who}, p95`,
      value: rounded(p95),
      unit: 'ms',
      beside: 'target < 400 ms to the first sound, decoding included',
      met: p95 < 400,
    },
  ];
}

/** To anywhere in the call. Milliseconds until its sound is there. */
async function seek(one: Shifted): Promise<number> {
  const latest = Date.now() - one.startedAt - pieceMs - 5_000;
  const fromMs = 500 + Math.floor(Math.random() * (latest - 500));
  const asked = performance.now();
  await fetchPiece(one, fromMs);
  return performance.now() - asked;
}

async function fetchPiece({ room, listeningId }: Shifted, fromMs: number): Promise<void> {
  const toMs = fromMs + pieceMs;
  const answer = await room.socket.request(timeShiftRequests.audio, { listeningId, fromMs, toMs });
  // A player that has caught up gets what there is.
  const lacks = packetsOf(answer.toMs - fromMs) - shiftedPackets(answer.bytes).length;
  if (lacks > 4) throw new Error(`${lacks} packets are missing of ${answer.toMs - fromMs} ms`);
}

/** Shares of a core over so many seconds. */
async function cpuOver(world: World, seconds: number): Promise<{ worker: number; server: number }> {
  const used = async () => ({
    worker: await cpuSecondsOf(world.recorder.pid),
    server: await cpuSecondsOf(world.server.pid),
  });
  const [before, began] = [await used(), performance.now()];
  await pause(seconds * 1_000);
  const after = await used();
  const passed = (performance.now() - began) / 1_000;
  return { worker: (after.worker - before.worker) / passed, server: (after.server - before.server) / passed };
}
