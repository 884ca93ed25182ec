import type { CallTap } from '#domains/calls/calls.ports.ts';
import type { Clock } from '#kernel/clock.ts';
import type { Log } from '#kernel/log.ts';
import type { RecorderConnection } from './recorder-connection.ts';
import type { BufferedCall, TapCall } from './tap-call.ts';

export interface TapServerOptions {
  readonly listenIp: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The name recorders reach the tap by; the listen address unless told. */
  readonly advertisedHost?: string | undefined;
  /** Audio kept per call for a recorder that is away, ms. */
  readonly bufferMs: number;
  /** What one copy has on disk is kept this long for the other one, ms; 15 s unless told. */
  readonly lagMs?: number;
  /** Memory per call, bytes; 16 MiB unless told (two minutes of two G.711 legs take 2.3 MB). */
  readonly maxBytesPerCall?: number;
  /** Memory of all calls together, bytes; 512 MiB unless told. Above it the largest buffers lose their oldest. */
  readonly maxBytes?: number;
  /** A recorder that owes an acknowledgement for longer counts as lost, ms; 10 s unless told. */
  readonly ackWithinMs?: number;
  readonly log: Log;
  readonly clock: Clock;
}

export interface TapServer extends CallTap {
  /** Errors: AppError `call.exists`. */
  openCall(callId: string): TapCall;
  /** Where it listens. */
  address(): { host: string; port: number };
  /** Figures for metrics. */
  totals(): { calls: number; recorders: number; bytes: number; dropped: number; refused: number };
  /** Ends the calls still open and waits, at most `withinMs` (5 s), until recorders have everything. */
  close(withinMs?: number): Promise<void>;
}

/** One copy of one call, as the tap keeps it. */
export interface Slot {
  readonly copy: number;
  lease: string | undefined;
  connection: RecorderConnection | undefined;
  workerId: string | null;
}

export interface Entry {
  readonly call: BufferedCall;
  readonly slots: readonly Slot[];
  readonly spoolIds: Set<string>;
  lastPatience: NodeJS.Timeout | undefined;
}

export interface Place {
  readonly entry: Entry;
  readonly slot: Slot;
}
