import { z } from 'zod';
import { call } from './calls.ts';
import { workerHeartbeat } from './capture.ts';
import { endpoint } from './endpoint.ts';
import { id, timeMs } from './primitives.ts';
import { recordingSummary } from './recordings.ts';

const serviceName = z.enum(['mongodb', 'redis', 's3', 'media', 'recorder']);
export const serviceState = z.object({
  name: serviceName,
  state: z.enum(['up', 'slow', 'down']),
  latencyMs: z.number().nullable(),
  detail: z.string().nullable(),
});

export const queueFigures = z.object({
  name: z.string(),
  waiting: z.number().int(),
  active: z.number().int(),
  delayed: z.number().int(),
  failed: z.number().int(),
});
export type QueueFigures = z.infer<typeof queueFigures>;

export const operationsEndpoints = {
  overview: endpoint({
    id: 'operations.overview',
    method: 'get',
    path: '/api/operations',
    summary: 'Is everything being kept? Services, calls, captures, queues, storage, coverage today.',
    auth: 'session',
    response: z.object({
      now: timeMs,
      services: z.array(serviceState),
      media: z.array(
        z.object({
          workerPid: z.number().int(),
          calls: z.number().int(),
          listeners: z.number().int(),
          cpuPercent: z.number(),
        }),
      ),
      workers: z.array(workerHeartbeat),
      liveCalls: z.array(call),
      captures: z.array(
        z.object({
          callId: id,
          recordingId: id,
          state: z.enum(['waiting', 'running', 'lost']),
          bufferedMs: z.number(),
          packets: z.number().int(),
        }),
      ),
      queues: z.array(queueFigures),
      storage: z.object({ recordings: z.number().int(), bytes: z.number().int(), seconds: z.number() }),
      /** Recorded seconds ÷ call seconds of the calls that ended today; null when none did. */
      coverageToday: z.object({
        calls: z.number().int(),
        callSeconds: z.number(),
        recordedSeconds: z.number(),
        ratio: z.number().nullable(),
      }),
      failures: z.array(
        recordingSummary.extend({ failure: z.object({ code: z.string(), message: z.string() }).nullable() }),
      ),
    }),
  }),
} as const;
