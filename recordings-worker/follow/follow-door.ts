import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import {
  type FollowedAudio,
  type FollowedCall as FollowedCallAnswer,
  type FollowedWaveform,
  followAudioQuery,
  followQuery,
  followWaveformQuery,
} from '#contract/spool-follow.ts';
import { waveformSpanMaxMs, waveformStepMs } from '#contract/time-shift.ts';
import type { FollowedCall } from './followed-call.ts';
import type { FollowedCalls } from './followed-calls.ts';
import { levelOf } from './packet-level.ts';

/** One answer's packets: 30 s of four G.711 legs, or of four Opus legs at 130 kbit/s. */
const answerBytesMax = 2_097_152;

export interface FollowDoorOptions {
  readonly spoolId: string;
  readonly calls: FollowedCalls;
  readonly capturing: (callId: string) => boolean;
}

/** `what` is the path behind `/spool/CALL/follow`; who asks was let in already. Answers see `#contract/spool-follow.ts`. */
export type FollowDoor = (
  request: IncomingMessage,
  response: ServerResponse,
  asked: { callId: string; what: string | undefined },
) => Promise<void>;

export function createFollowDoor({ spoolId, calls, capturing }: FollowDoorOptions): FollowDoor {
  const stateOf = (callId: string, call: FollowedCall, zeroMs: number): FollowedCallAnswer => {
    const { ended, edgeMs, spans, pauses } = call.state();
    const offset = (ms: number) => Math.max(0, Math.floor(ms - zeroMs));
    return {
      spoolId,
      capturing: capturing(callId),
      ended,
      edgeMs: Number.isFinite(edgeMs) ? offset(edgeMs) : 0,
      spans: spans.map(({ fromMs, toMs }) => ({ fromMs: offset(fromMs), toMs: offset(toMs) })),
      pauses: pauses.map(({ fromMs, toMs }) => ({
        fromMs: offset(fromMs),
        toMs: toMs === null ? null : offset(toMs),
      })),
    };
  };

  return async (request, response, { callId, what }) => {
    const refuse = (status: number, code: string) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { code } }));
    };
    const schema =
      what === undefined
        ? followQuery
        : what === 'audio'
          ? followAudioQuery
          : what === 'waveform'
            ? followWaveformQuery
            : undefined;
    if (!schema) return refuse(404, 'route.unknown');
    const params = new URL(request.url ?? '/', 'http://worker').searchParams;
    const query = schema.safeParse(Object.fromEntries(params));
    if (!query.success) return refuse(400, 'follow.query');
    const call = await calls.look(callId);
    if (!call) return refuse(404, 'spool.unknown');
    const state = stateOf(callId, call, query.data.zeroMs);
    if (what === undefined) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(state));
      return;
    }
    const body =
      what === 'audio'
        ? await audio(call, state, query.data as z.output<typeof followAudioQuery>)
        : waveform(call, state, query.data as z.output<typeof followWaveformQuery>);
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length });
    response.end(body);
  };
}

/** A head of JSON with its length before it. */
function withHead(head: FollowedAudio | FollowedWaveform, bytes: Buffer): Buffer {
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, bytes]);
}

async function audio(
  call: FollowedCall,
  state: FollowedCallAnswer,
  { zeroMs, fromMs, toMs }: z.output<typeof followAudioQuery>,
): Promise<Buffer> {
  const upTo = Math.max(fromMs, Math.min(toMs, state.edgeMs + (state.ended ? 1 : 0)));
  // The least delayed packet may place the first ones a little before the call's first arrival.
  const from = fromMs === 0 ? Number.NEGATIVE_INFINITY : zeroMs + fromMs;
  const chosen = call.packetsBetween(from, zeroMs + upTo, answerBytesMax);
  const byLeg = Map.groupBy(chosen.packets, ({ leg }) => leg);
  const payloads = new Map(
    await Promise.all(
      [...byLeg].map(
        async ([leg, own]) => [leg, await leg.payloads(own.map(({ packet }) => packet))] as const,
      ),
    ),
  );
  const bytes = Buffer.allocUnsafe(chosen.bytes);
  let at = 0;
  for (const { leg, packet, atMs } of chosen.packets) {
    at = leg.writeHead(bytes, at, packet, Math.max(0, atMs - zeroMs));
    at += payloads.get(leg)!.get(packet)!.copy(bytes, at);
  }
  const complete = Math.max(fromMs, Math.min(upTo, Math.floor(chosen.toMs - zeroMs)));
  return withHead({ ...state, toMs: Math.min(complete, state.edgeMs) }, bytes);
}

/** Per step and side the mean power of what was heard in it. */
function waveform(
  call: FollowedCall,
  state: FollowedCallAnswer,
  { zeroMs, fromMs }: z.output<typeof followWaveformQuery>,
): Buffer {
  const begin = Math.floor(fromMs / waveformStepMs) * waveformStepMs;
  const end = Math.min(state.edgeMs, begin + waveformSpanMaxMs);
  const steps = Math.max(
    0,
    state.ended ? Math.ceil((end - begin) / waveformStepMs) : Math.floor((end - begin) / waveformStepMs),
  );
  const energies = [new Float64Array(steps), new Float64Array(steps)];
  for (const leg of call.legs()) {
    const energy = energies[leg.side]!;
    const msPerTick = 1_000 / leg.leg.clockRate;
    for (const { packet, atMs } of leg.between(zeroMs + begin, zeroMs + begin + steps * waveformStepMs)) {
      const step = Math.floor((atMs - zeroMs - begin) / waveformStepMs);
      energy[step]! += leg.powerOf(packet) * leg.index.duration[packet]! * msPerTick;
    }
  }
  const bytes = Buffer.allocUnsafe(steps * 2);
  for (const [side, energy] of energies.entries()) {
    for (let step = 0; step < steps; step++) {
      bytes[side * steps + step] = levelOf(energy[step]! / waveformStepMs);
    }
  }
  return withHead({ ...state, fromMs: begin, steps }, bytes);
}
