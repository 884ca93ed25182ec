import { z } from 'zod';
import { codec, id, legRole, timeMs } from './primitives.ts';
import { loudness, recordingGap, thumbnail } from './recordings.ts';

/**
 * Jobs between server and recordings workers. Only the server writes the database: workers answer by
 * reports on a durable queue, and the server moves the recording's state by compare-and-set.
 */
export const queueNames = {
  capture: 'capture',
  seal: 'seal',
  archive: 'archive',
  render: 'render',
  erase: 'erase',
  reports: 'reports',
  analyse: 'analyse',
  transcribe: 'transcribe',
  analysisReports: 'analysis-reports',
  clip: 'clip',
  clipReports: 'clip-reports',
  withdraw: 'withdraw',
} as const;

/** Where a worker writes: the workers of one host that share a spool folder share its id. */
const spoolId = id;

/** One copy of one call. The worker that takes it connects to the tap and pulls the call's packets from it. */
export const captureJob = z.strictObject({
  captureId: id,
  callId: id,
  recordingId: id,
  /** A call's copies are recorded by different workers. */
  copy: z.number().int().min(0).max(1).default(0),
  /** How often a worker has put it back: each time it waits longer. */
  declined: z.number().int().nonnegative().default(0),
  /** The tap's address and the lease that opens this call there; a newer lease shuts an older one out. */
  tap: z.strictObject({ host: z.string(), port: z.number().int(), lease: z.string() }),
});
export type CaptureJob = z.input<typeof captureJob>;

export const captureLeg = z.strictObject({
  legId: id,
  role: legRole,
  codec,
  payloadType: z.number().int(),
  clockRate: z.number().int(),
  channels: z.number().int(),
});
export type CaptureLeg = z.infer<typeof captureLeg>;

export const sealJob = z.strictObject({
  recordingId: id,
  callId: id,
  /** The spools that hold parts of the call. */
  holders: z.array(spoolId).default([]),
  /** The tap's last sequence: with all of 1 to this one, the call is complete. Null where the tap's server died. */
  items: z.number().int().nullable().default(null),
});
export type SealJob = z.input<typeof sealJob>;

/**
 * What lies in a recording's folder of the bucket. `manifest` is the first signed manifest, an `addendum` signs what was
 * added later, of clips there are as many as were cut; of the other kinds the newest counts. `masked…` is the recording
 * without what its transcript masks; there is none where nothing is masked.
 */
export const archivedFileKind = z.enum([
  'audio',
  'audio-m4a',
  'masked',
  'masked-m4a',
  'peaks',
  'analysis',
  'transcript',
  'clip',
  'clip-m4a',
  'manifest',
  'addendum',
]);
export type ArchivedFileKind = z.infer<typeof archivedFileKind>;

export const archivedFile = z.strictObject({
  kind: archivedFileKind,
  key: z.string(),
  contentType: z.string(),
  bytes: z.number().int().nonnegative(),
  /** Hex. */
  sha256: z.string(),
  /** Hex, 8 digits (IEEE 802.3). Recordings of earlier versions have none. */
  crc32: z.string().optional(),
});
export type ArchivedFile = z.infer<typeof archivedFile>;

/** Where the sealed files lie on the worker's disk, until they are archived. */
export const archiveJob = sealJob.extend({
  /** The spool that the sealed files lie in; any other worker would have to seal again. */
  sealedIn: spoolId.nullable().default(null),
});
export type ArchiveJob = z.input<typeof archiveJob>;

/** Another rendering of an archived recording, for browsers that cannot play the master: AAC in MP4. */
export const renderJob = z.strictObject({
  recordingId: id,
  callId: id,
  durationMs: z.number().int().nonnegative(),
  /** The sealed master in the archive. */
  audio: z.strictObject({ key: z.string(), sha256: z.string() }),
});
export type RenderJob = z.infer<typeof renderJob>;

/** What of a recording is to go: all that lies in its folder of the bucket, and in the spools. */
export const eraseJob = z.strictObject({
  recordingId: id,
  callId: id,
  /** UTC ms; the folder's day. */
  startedAt: timeMs,
  /** The spools that may hold something of it. */
  holders: z.array(spoolId),
  requestedAt: timeMs,
  /** `policy:<id>` or `person:<id>`. */
  by: z.string().min(1).max(128),
  reason: z.string().max(500),
});
export type EraseJob = z.infer<typeof eraseJob>;

export const sealedFacts = z.strictObject({
  /** UTC ms of the first packet of any leg: offset 0 of the recording. */
  startedAt: timeMs,
  durationMs: z.number().int().nonnegative(),
  /** Recorded ÷ received packets-time: 1 when nothing that arrived is missing. */
  coverage: z.number().min(0).max(1),
  gaps: z.array(recordingGap),
  legs: z.array(captureLeg.extend({ packets: z.number().int(), lost: z.number().int() })),
  thumbnail,
  /** Null in what was sealed before it was measured. */
  loudness: loudness.nullable().default(null),
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
    spoolId: spoolId.optional(),
  }),
  z.strictObject({
    kind: z.literal('archived'),
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
    files: z.array(archivedFile),
  }),
  // Made after the recording was archived: another rendering, an analysis, a transcript; with the addendum that signs it.
  z.strictObject({
    kind: z.literal('files-added'),
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
    files: z.array(archivedFile),
  }),
  // Objects are gone for good; the addendum that says so is there.
  z.strictObject({
    kind: z.literal('files-withdrawn'),
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
    keys: z.array(z.string()),
    addendum: archivedFile,
  }),
  // Nothing but the tombstone is left in the bucket.
  z.strictObject({
    kind: z.literal('erased'),
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
    tombstone: z.strictObject({ key: z.string(), sha256: z.string() }),
    files: z.array(archivedFile.pick({ key: true, bytes: true, sha256: true })),
  }),
  z.strictObject({
    kind: z.literal('failed'),
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
    stage: z.enum(['capture', 'seal', 'archive', 'erase']),
    code: z.string(),
    message: z.string(),
    final: z.boolean(),
  }),
]);
export type Report = z.infer<typeof report>;

/** What lies in a spool (key `spool:calls:<spoolId>` in Redis, while one of its workers lives): for the sweep. */
export const spoolListing = z.object({
  spoolId,
  at: timeMs,
  calls: z.array(
    z.object({
      callId: id,
      /** Sealed files wait for the archive. */
      sealed: z.boolean(),
      /** When its newest file was written. */
      writtenAt: timeMs,
    }),
  ),
});
export type SpoolListing = z.infer<typeof spoolListing>;
export const spoolListingKey = (spool: string): string => `spool:calls:${spool}`;

/** Why a worker takes no further captures; another one does. */
export const captureRefusal = z.enum(['disk', 'cpu', 'max', 'spool', 'stopping']);
export type CaptureRefusal = z.infer<typeof captureRefusal>;

/** A worker's heartbeat in Redis (key `worker:<id>`, expires after 7 s), shown on the operations page. */
export const workerHeartbeat = z.object({
  workerId: id,
  startedAt: timeMs,
  at: timeMs,
  captures: z.number().int(),
  spoolBytes: z.number().int(),
  spoolFreeBytes: z.number().int(),
  /** Calls in the spool that are not sealed yet (those on air included), and sealed ones that wait for the archive. */
  spoolUnsealed: z.number().int().optional(),
  spoolSealed: z.number().int().optional(),
  cpuSeconds: z.number(),
  spoolId: spoolId.optional(),
  /** Where other workers fetch this one's part of a call. */
  address: z.object({ host: z.string(), port: z.number().int() }).optional(),
  /** Null: it takes captures. */
  refusing: captureRefusal.nullable().optional(),
  /** Share of a core that its own process takes, 0 and up, over the last seconds. */
  cpuShare: z.number().optional(),
  /** How late its timers were in the last seconds, the 99th percentile, ms. */
  lagMs: z.number().optional(),
});
export type WorkerHeartbeat = z.infer<typeof workerHeartbeat>;
