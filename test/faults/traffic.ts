import { eventually } from '#support/eventually.ts';
import { type Sending, sendTone } from '#support/rtp-sender.ts';
import type { FaultWorld, Kept } from './fault-world.ts';

export interface FaultCall {
  readonly callId: string;
  readonly seconds: number;
  /** Packets that its two legs have sent, once they have. */
  sent: number;
  /** From its first packet to its last one, ms: a busy machine sends late. Undefined where nobody saw its end. */
  tookMs: number | undefined;
  /** Resolves when its last packet is sent and it was hung up; never rejects. */
  readonly over: Promise<void>;
  /** UTC ms of the hang-up. */
  endedAt: number | undefined;
}

/** A two-leg call of tones, in real time. `hangUp` false: its end is left to whatever happens. */
export async function placeCall(
  world: FaultWorld,
  seconds: number,
  { hangUp = true } = {},
): Promise<FaultCall> {
  const call = await world.telephony.open({ lineId: 'supermarket' });
  const sendings: Sending[] = call.legs.map((leg) =>
    sendTone({ to: leg, hz: leg.role === 'agent' ? 440 : 880, seconds }),
  );
  const placed: { -readonly [K in keyof FaultCall]: FaultCall[K] } = {
    callId: call.callId,
    seconds,
    sent: 0,
    tookMs: undefined,
    endedAt: undefined,
    over: Promise.resolve(),
  };
  placed.over = (async () => {
    const streams = await Promise.all(sendings.map(({ done }) => done));
    placed.sent = streams.reduce((sum, { packets }) => sum + packets, 0);
    placed.tookMs =
      Math.max(...streams.map(({ endedAt }) => endedAt)) -
      Math.min(...streams.map(({ startedAt }) => startedAt));
    if (hangUp) {
      await eventually(() => world.telephony.end(call.callId), { within: 30_000, every: 200 });
    }
    placed.endedAt = Date.now();
  })().catch(() => {});
  return placed;
}

/** Calls of random length, one after the other in `lanes` lanes, until `stop`. */
export class Traffic {
  readonly calls: FaultCall[] = [];
  readonly #world: FaultWorld;
  readonly #lanes: Promise<void>[];
  #stopped = false;

  constructor(world: FaultWorld, lanes: number, seconds: readonly [least: number, most: number]) {
    this.#world = world;
    this.#lanes = Array.from({ length: lanes }, () => this.#lane(seconds));
  }

  /** No further calls; resolves when those that run are over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#lanes);
  }

  async #lane([least, most]: readonly [number, number]): Promise<void> {
    while (!this.#stopped) {
      try {
        const call = await placeCall(this.#world, least + Math.random() * (most - least));
        this.calls.push(call);
        await call.over;
      } catch {
        // The server is away: a caller tries again.
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }
}

/** Waits until every call's recording is archived or given up; what is not by then has no entry. */
export async function settle(
  world: FaultWorld,
  calls: readonly FaultCall[],
  within: number,
): Promise<Map<string, Kept>> {
  const kept = new Map<string, Kept>();
  const deadline = Date.now() + within;
  for (;;) {
    for (const { callId } of calls) {
      if (kept.has(callId)) continue;
      const found = await world.kept(callId).catch(() => undefined);
      if (found) kept.set(callId, found);
    }
    if (kept.size === calls.length || Date.now() > deadline) return kept;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
