import { z } from 'zod';
import { archivedFile } from './capture.ts';
import { endpoint } from './endpoint.ts';
import { id, offsetMs, timeMs } from './primitives.ts';

/** Who is heard on a channel of a recording: the agent (or a bot) on the left, the customer on the right. */
export const voice = z.enum(['agent', 'customer']);
export type Voice = z.infer<typeof voice>;

const perVoice = <T extends z.ZodType>(of: T) => z.object({ agent: of, customer: of });

/** [from, to] in ms from the recording's start: short, as there are hundreds of them. */
export const trackSpan = z.tuple([offsetMs, offsetMs]);
export type TrackSpan = z.infer<typeof trackSpan>;

const duration = z.number().int().nonnegative();

/** The figures of one call that people compare and search by. Times in ms. */
export const analysisSummary = z.object({
  durationMs: duration,
  /** `both` is counted in each voice's time too. What is on hold counts for nobody. */
  talk: z.object({
    agentMs: duration,
    customerMs: duration,
    bothMs: duration,
    holdMs: duration,
    silenceMs: duration,
  }),
  /** How often this voice took the word while the other one was speaking. */
  interruptions: perVoice(z.number().int().nonnegative()),
  /** From the end of what the customer says to the agent's first word; null when there was no such turn. */
  response: z.object({
    count: z.number().int().nonnegative(),
    medianMs: duration.nullable(),
    p90Ms: duration.nullable(),
  }),
  /** Stretches within the conversation in which nobody speaks for at least three seconds, holds left out. */
  deadAir: z.object({
    count: z.number().int().nonnegative(),
    totalMs: duration,
    longest: z.object({ fromMs: offsetMs, toMs: offsetMs }).nullable(),
  }),
  /** Syllables per second of speech, estimated; null when too little was said. */
  pace: perVoice(z.number().nonnegative().nullable()),
  /** Level of the speech alone, dB below full scale; null when nothing was said. */
  level: perVoice(z.number().nullable()),
  /** How often a voice rose clearly above its own usual. A hint, not an emotion; null when too little was said. */
  raised: perVoice(z.number().int().nonnegative().nullable()),
});
export type AnalysisSummary = z.infer<typeof analysisSummary>;

/** The file `analysis.json` beside the audio: what the ribbon under the waveform is drawn from. */
export const analysisTrack = z.object({
  version: z.literal(1),
  durationMs: duration,
  speech: perVoice(z.array(trackSpan)),
  overlaps: z.array(trackSpan),
  interruptions: z.array(z.object({ atMs: offsetMs, by: voice })),
  deadAir: z.array(trackSpan),
  holds: z.array(trackSpan),
  /**
   * The vocal arousal hint: one value every `stepMs`, −100 (calmer) to 100 (more stirred) against the same voice's
   * usual in this call; null where too little is said.
   */
  arousal: perVoice(z.array(z.number().int().min(-100).max(100).nullable())).extend({
    stepMs: z.number().int().positive(),
  }),
  raised: perVoice(z.array(trackSpan)),
  summary: analysisSummary,
});
export type AnalysisTrack = z.infer<typeof analysisTrack>;

/** Asks a worker to analyse an archived recording. */
export const analyseJob = z.strictObject({
  recordingId: id,
  callId: id,
  durationMs: duration,
  /** The sealed master; what comes from the store is checked against it. */
  audio: archivedFile.pick({ key: true, bytes: true, sha256: true }),
  /** Stretches in which the customer was on hold. */
  holds: z.array(trackSpan),
});
export type AnalyseJob = z.infer<typeof analyseJob>;

/** What workers report of it; at least once, so the server applies each idempotently. */
export const analysisReport = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('analysed'),
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
    file: archivedFile,
    summary: analysisSummary,
  }),
  z.strictObject({
    kind: z.literal('transcribed'),
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
    file: archivedFile,
    words: z.number().int().nonnegative(),
    /** Everything that was said, masked: what the library is searched by. */
    text: z.string(),
    transcriber: z.string(),
  }),
  z.strictObject({
    kind: z.literal('failed'),
    what: z.enum(['analysis', 'transcript']),
    recordingId: id,
    callId: id,
    workerId: id,
    at: timeMs,
    code: z.string(),
    message: z.string(),
    /** False while it will be tried again by itself. */
    final: z.boolean(),
  }),
]);
export type AnalysisReport = z.infer<typeof analysisReport>;

/** `none`: nobody has asked for it, as analysis is switched off or the recording is not archived yet. */
export const analysisState = z.enum(['none', 'waiting', 'done', 'failed']);
export type AnalysisState = z.infer<typeof analysisState>;

export const analysisEndpoints = {
  show: endpoint({
    id: 'analysis.show',
    method: 'get',
    path: '/api/recordings/{id}/analysis',
    summary: 'What was measured of a recording: its figures, and a short-lived signed address of the track.',
    auth: 'session',
    params: z.object({ id }),
    response: z.object({
      state: analysisState,
      summary: analysisSummary.nullable(),
      track: z.object({ url: z.string(), expiresAt: timeMs }).nullable(),
    }),
    errors: ['not-found', 'scope.denied', 'store.storage'],
  }),
} as const;
