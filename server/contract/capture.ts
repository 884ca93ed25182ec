import { z } from 'zod';
import { codec, id, legRole, timeMs } from './primitives.ts';
import { recordingGap, thumbnail } from './recordings.ts';

/**
 * Jobs between server and recordings workers. Only the server writes the database: workers answer by
 * reports on a durable queue, and the server moves the recording's state by compare-and-set.
 */
export const queueNames = {
  capture: 'capture',
  seal: 'seal',
  archive: 'archive',
  reports: 'reports',
} as const;

/** One copy of one call. The worker that takes it connects to the tap and pulls the call's packets from it. */
export const captureJob = z.strictObject({
  captureId: id,
  callId: id,
  recordingId: id,
  /** The tap's address and the lease that opens this call there; a newer lease shuts an older one out. */
  tap: z.strictObject({ host: z.string(), port: z.number().int(), lease: z.string() }),
});
export type CaptureJob = z.infer<typeof captureJob>;

export const captureLeg = z.strictObject({
  legId: id,
  role: legRole,
  codec,
  payloadType: z.number().int(),
  clockRate: z.number().int(),
  channels: z.number().int(),
});
export type CaptureLeg = z.infer<typeof captureLeg>;

export const sealJob = z.strictObject({ recordingId: id, callId: id });
export type SealJob = z.infer<typeof sealJob>;

export const archivedFile = z.strictObject({
  kind: z.enum(['audio', 'peaks', 'manifest']),
  key: z.string(),
  contentType: z.string(),
  bytes: z.number().int().nonnegative(),
  sha256: z.string(),
});
export type ArchivedFile = z.infer<typeof archivedFile>;

/** Where the sealed files lie on the worker's disk, until they are archived. */
export const archiveJob = z.strictObject({ recordingId: id, callId: id });
export type ArchiveJob = z.infer<typeof archiveJob>;

export const sealedFacts = z.strictObject({
  /** UTC ms of the first packet of any leg: offset 0 of the recording. */
  startedAt: timeMs,
  durationMs: z.number().int().nonnegative(),
  /** Recorded ÷ received packets-time: 1 when nothing that arrived is missing. */
  coverage: z.number().min(0).max(1),
  gaps: z.array(recordingGap),
  legs: z.array(captureLeg.extend({ packets: z.number().int(), lost: z.number().int() })),
  thumbnail,
});
export type SealedFacts = z.infer<typeof sealedFacts>;

/** What workers report; at least once, so the server applies each idempotently. */
export const report = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('capture-started'),
    captureId: id,
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
  }),
  z.strictObject({
    kind: z.literal('captured'),
    captureId: id,
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
    packets: z.number().int(),
  }),
  z.strictObject({
    kind: z.literal('capture-lost'),
    captureId: id,
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
    reason: z.string(),
  }),
  z.strictObject({
    kind: z.literal('sealed'),
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
    facts: sealedFacts,
  }),
  z.strictObject({
    kind: z.literal('archived'),
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
    files: z.array(archivedFile),
  }),
  z.strictObject({
    kind: z.literal('failed'),
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
    stage: z.enum(['capture', 'seal', 'archive']),
    code: z.string(),
    message: z.string(),
    final: z.boolean(),
  }),
]);
export type Report = z.infer<typeof report>;

/** A worker's heartbeat in Redis (key `worker:<id>`, expires after 10 s), shown on the operations page. */
export const workerHeartbeat = z.object({
  workerId: id,
  startedAt: timeMs,
  at: timeMs,
  captures: z.number().int(),
  spoolBytes: z.number().int(),
  spoolFreeBytes: z.number().int(),
  cpuSeconds: z.number(),
});
export type WorkerHeartbeat = z.infer<typeof workerHeartbeat>;
