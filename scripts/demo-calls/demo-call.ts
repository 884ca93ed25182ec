import type { Socket } from 'node:dgram';
import type { RtpLegAddress } from '#contract/calls.ts';
import type { Log } from '#kernel/log.ts';
import type { Speaker } from '#scripts/speech/turns.ts';
import type { Cast } from './casting.ts';
import type { Production } from './studio.ts';
import { RefusedError, type TelephonyApi } from './telephony-api.ts';
import { openSocket, type RtpStream, type RtpWheel } from './wheel.ts';

/** How often a running call asks the server whether it still knows it, ms. */
const LOOK_EVERY_MS = 3_000;

export type CallEnd = 'finished' | 'stopped' | 'lost';

export interface DemoCallParts {
  readonly api: TelephonyApi;
  readonly wheel: RtpWheel;
  readonly log: Log;
  /** The server is on this machine: packets come from loopback, and the source can be stated. */
  readonly local: boolean;
  /** Aborted when the generator is to stop: the call ends in order. */
  readonly signal: AbortSignal;
}

/**
 * Opens a call, plays both legs into it and ends it. Answers how it ended: `lost` when the server no longer knows it
 * (it was restarted). Throws what opening threw.
 */
export async function playCall(
  { script, request }: Cast,
  production: Production,
  parts: DemoCallParts,
): Promise<CallEnd> {
  const { api, wheel, log, local, signal } = parts;
  const speakers: readonly Speaker[] = ['agent', 'customer'];
  const sockets = await Promise.all(speakers.map(() => openSocket(local ? '127.0.0.1' : undefined)));
  const opened = await api
    .open(
      {
        ...request,
        legs: speakers.map((role, i) => ({
          role,
          codec: script.codec,
          ...(local ? { source: { address: '127.0.0.1', port: sockets[i]!.address().port } } : {}),
        })),
      },
      signal,
    )
    .catch((thrown: unknown) => {
      for (const socket of sockets) socket.close();
      throw thrown;
    });
  const { callId } = opened;
  log.info(
    { callId, lineId: script.lineId, scenarioId: script.scenarioId, codec: script.codec },
    'call opened',
  );

  const over = new AbortController();
  try {
    const streams = await Promise.all(
      speakers.map((role, i) => startLeg(role, sockets[i]!, opened.legs, production, wheel)),
    );
    const customer = opened.legs.find(({ role }) => role === 'customer')!;
    holdAtTimes(api, callId, customer.legId, production, over.signal, log);
    const end = await Promise.race([
      Promise.all(streams.map(({ done }) => done)).then((): CallEnd => 'finished'),
      aborted(signal).then((): CallEnd => 'stopped'),
      untilLost(api, callId, over.signal).then((): CallEnd => 'lost'),
    ]);
    over.abort();
    for (const stream of streams) stream.stop();
    if (end !== 'lost')
      await api.end(callId).catch((thrown: unknown) => log.warn({ callId, err: thrown }, 'call not ended'));
    log.info({ callId, end }, 'call over');
    return end;
  } finally {
    over.abort();
  }
}

function startLeg(
  role: Speaker,
  socket: Socket,
  legs: readonly RtpLegAddress[],
  production: Production,
  wheel: RtpWheel,
): Promise<RtpStream> {
  const address = legs.find((leg) => leg.role === role);
  if (!address) throw new Error(`the server gave no address for the ${role}`);
  return wheel.start(production.legs[role], socket, address);
}

/** While the customer hears music nobody hears the customer: the leg is put on hold, as an exchange does. */
function holdAtTimes(
  api: TelephonyApi,
  callId: string,
  legId: string,
  { holds }: Production,
  over: AbortSignal,
  log: Log,
): void {
  for (const { startMs, endMs } of holds) {
    for (const [atMs, hold] of [
      [startMs, true],
      [endMs, false],
    ] as const) {
      const timer = setTimeout(() => {
        api.holdLeg(callId, legId, hold).catch((thrown: unknown) => {
          // The call may have ended while the request was on its way.
          if (!over.aborted) log.warn({ callId, legId, err: thrown }, 'leg not held');
        });
      }, atMs);
      over.addEventListener('abort', () => clearTimeout(timer), { once: true });
    }
  }
}

/** Resolves when the server does not know the call as open any more. Being unreachable is no proof: it may be back. */
async function untilLost(api: TelephonyApi, callId: string, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await sleep(LOOK_EVERY_MS, over);
    try {
      const { state } = await api.show(callId);
      if (state === 'ended') return;
    } catch (thrown) {
      if (thrown instanceof RefusedError && thrown.status === 404) return;
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Resolves after `ms`, or as soon as `signal` is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}
