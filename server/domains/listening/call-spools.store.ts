import type { z } from 'zod';
import type { WorkerHeartbeat } from '#contract/capture.ts';
import {
  type FollowedCall,
  followedAudio,
  followedCall,
  followedWaveform,
  type OffsetSpan,
} from '#contract/spool-follow.ts';
import { AppError } from '#kernel/errors.ts';
import type { Log } from '#kernel/log.ts';
import type { CallSpools, ShiftedCall } from './time-shift.ports.ts';
import { allPauses, type Bytes, noLimits, withinLimits } from './time-shift.ts';

/** A worker that does not answer by then is passed over, ms. */
const answerWithinMs = 2_000;
/**
 * Who holds a call is asked again after this long, ms: behind an answer, before one where too long went by, and at once
 * where a holder stands still, as another may have taken the call over.
 */
const lookAgainMs = 10_000;
const lookFirstMs = 60_000;
const standsStillMs = 1_000;
/** Calls whose holders are remembered, at most. */
const maxCalls = 2_000;

/** A worker with something of the call, and what it said last. */
interface Holder {
  readonly workerId: string;
  readonly address: { readonly host: string; readonly port: number };
  said: FollowedCall;
}

interface Known {
  readonly holders: Holder[];
  readonly at: number;
}

export interface CallSpoolsOptions {
  /** The recordings workers that live now. */
  readonly recorders: () => Promise<readonly WorkerHeartbeat[]>;
  /** What opens their doors; null before the first of them has made it. */
  readonly secret: () => Promise<string | null>;
  readonly log: Log;
}

const unavailable = (cause?: unknown) =>
  new AppError('shift.unavailable', 'The sound from before cannot be fetched right now.', { cause });

/** Asks the recordings workers, by HTTP: one that holds the call, another one that holds it when that one fails. */
export function createCallSpools({ recorders, secret, log }: CallSpoolsOptions): CallSpools {
  const calls = new Map<string, Known>();
  const looking = new Set<string>();
  let opener: string | null = null;

  async function get(holder: Pick<Holder, 'address'>, path: string, params: object): Promise<Response> {
    const { host, port } = holder.address;
    const query = new URLSearchParams(Object.entries(params).map(([name, value]) => [name, String(value)]));
    opener ??= await secret();
    const answer = await fetch(`http://${host}:${port}/spool/${path}?${query}`, {
      headers: { authorization: `Bearer ${opener}` },
      signal: AbortSignal.timeout(answerWithinMs),
    });
    if (answer.ok) return answer;
    // Whoever has emptied Redis has changed the locks.
    if (answer.status === 401) opener = null;
    await answer.body?.cancel();
    throw new Error(`the worker answered ${answer.status}`);
  }

  async function look({ callId, zeroMs }: ShiftedCall): Promise<Known> {
    const found: Holder[] = [];
    await Promise.all(
      (await recorders()).map(async ({ workerId, address }) => {
        if (!address) return;
        try {
          const answer = await get({ address }, `${callId}/follow`, { zeroMs });
          found.push({ workerId, address, said: followedCall.parse(await answer.json()) });
        } catch (error) {
          log.debug({ callId, workerId, err: error }, 'a worker does not hold this call');
        }
      }),
    );
    // Workers of one spool hold the same; the one that records it knows best how far it is.
    found.sort((a, b) => Number(b.said.capturing) - Number(a.said.capturing));
    const spools = new Set<string>();
    const holders = found.filter(({ said }) => !spools.has(said.spoolId) && spools.add(said.spoolId));
    const known = { holders, at: performance.now() };
    calls.delete(callId);
    if (holders.length > 0) calls.set(callId, known);
    for (const oldest of calls.keys()) {
      if (calls.size <= maxCalls) break;
      calls.delete(oldest);
    }
    return known;
  }

  async function holdersOf(call: ShiftedCall): Promise<Known> {
    const known = calls.get(call.callId);
    const age = known ? performance.now() - known.at : Number.POSITIVE_INFINITY;
    if (!known || age > lookFirstMs) return look(call);
    if (age > lookAgainMs && !looking.has(call.callId)) {
      looking.add(call.callId);
      look(call)
        .catch((err: unknown) => log.debug({ callId: call.callId, err }, 'recorders were not found'))
        .finally(() => looking.delete(call.callId));
    }
    return known;
  }

  /** Those that have the moment come first, and of those the one that is furthest. */
  const inTurn = (holders: readonly Holder[], atMs: number): Holder[] =>
    [...holders].sort(
      (a, b) =>
        Number(holds(b, atMs)) - Number(holds(a, atMs)) ||
        Number(b.said.capturing) - Number(a.said.capturing) ||
        b.said.edgeMs - a.said.edgeMs,
    );

  /** Asks one after the other; when none answers, or the one that does stands still, it is looked for others once. */
  async function ask<S extends z.ZodType<FollowedCall>>(
    call: ShiftedCall,
    what: 'audio' | 'waveform',
    params: { fromMs: number; toMs?: number },
    schema: S,
  ): Promise<{ head: z.output<S>; body: Bytes; holder: Holder; known: Known }> {
    let known = await holdersOf(call);
    let cause: unknown;
    for (let looked = false; ; looked = true) {
      for (const holder of inTurn(known.holders, params.fromMs)) {
        try {
          const answer = await get(holder, `${call.callId}/follow/${what}`, {
            zeroMs: call.zeroMs,
            ...params,
          });
          const bytes = Buffer.from(await answer.arrayBuffer());
          const length = bytes.readUInt32BE(0);
          const head = schema.parse(JSON.parse(bytes.toString('utf8', 4, 4 + length)));
          holder.said = head;
          const stands = !head.capturing && !head.ended && params.fromMs >= head.edgeMs - standsStillMs;
          if (stands && !looked && performance.now() - known.at > standsStillMs) break;
          return { head, body: bytes.subarray(4 + length), holder, known };
        } catch (error) {
          cause = error;
          log.warn(
            { callId: call.callId, workerId: holder.workerId, err: error },
            'a recorder did not answer',
          );
          known.holders.splice(known.holders.indexOf(holder), 1);
        }
      }
      if (looked) throw unavailable(cause);
      known = await look(call);
    }
  }

  return {
    async audio(call, fromMs, toMs) {
      const { head, body, holder, known } = await ask(call, 'audio', { fromMs, toMs }, followedAudio);
      const together = joined(known.holders, head);
      // What another spool has of the rest is asked for there.
      const span = holder.said.spans.find((one) => one.fromMs <= fromMs && fromMs < one.toMs);
      const others = known.holders.filter((one) => one !== holder);
      const ends = span && head.toMs > span.toMs && others.some((one) => holds(one, Math.ceil(span.toMs)));
      if (!ends) return { ...head, ...together, bytes: body };
      const cut = Math.ceil(span.toMs);
      return { ...head, ...together, toMs: cut, bytes: withinLimits(body, { fromMs, toMs: cut }, noLimits) };
    },

    async waveform(call, fromMs) {
      const { head, body, known } = await ask(call, 'waveform', { fromMs }, followedWaveform);
      return {
        ...head,
        ...joined(known.holders, head),
        agent: body.subarray(0, head.steps),
        customer: body.subarray(head.steps, 2 * head.steps),
      };
    },

    async keep(call) {
      const known = await look(call);
      const [first] = known.holders;
      if (!first) throw unavailable();
      return { ...first.said, ...joined(known.holders, first.said) };
    },
  };
}

const holds = ({ said }: { said: { spans: readonly OffsetSpan[] } }, atMs: number): boolean =>
  said.spans.some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);

/** What all who hold the call know between them. */
function joined(holders: readonly Holder[], head: FollowedCall) {
  const all = [head, ...holders.map(({ said }) => said)];
  return {
    edgeMs: Math.max(...all.map(({ edgeMs }) => edgeMs)),
    ended: all.some(({ ended }) => ended),
    pauses: allPauses(...all.map(({ pauses }) => pauses)),
  };
}
