import type { CaptureRefusal } from '#contract/capture.ts';
import type { ResponseOf } from '#contract/endpoint.ts';
import type { operationsEndpoints } from '#contract/operations.ts';

export type Overview = ResponseOf<typeof operationsEndpoints.overview>;
export type ArchiveCheck = ResponseOf<typeof operationsEndpoints.archiveFindings>;
export type ServiceName = Overview['services'][number]['name'];
export type Severity = 'good' | 'warn' | 'bad';

/** One thing that somebody should look at, with the figures its sentence needs. */
export type Finding = { readonly severity: 'warn' | 'bad' } & (
  | { readonly kind: 'service-down' | 'service-slow'; readonly service: ServiceName }
  | { readonly kind: 'no-recorder' | 'recorders-refuse' }
  | { readonly kind: 'recorder-refusing'; readonly workerId: string; readonly refusing: CaptureRefusal }
  | {
      readonly kind: 'capture-lost' | 'capture-waiting' | 'copy-missing' | 'archive-findings';
      readonly count: number;
    }
  | { readonly kind: 'recording-failed'; readonly count: number }
  | { readonly kind: 'queue-failed' | 'queue-behind'; readonly queue: string; readonly count: number }
  | { readonly kind: 'coverage'; readonly missingSeconds: number }
  | { readonly kind: 'spool-space'; readonly freeBytes: number }
);

export interface Judgement {
  readonly severity: Severity;
  /** Worst first. */
  readonly findings: readonly Finding[];
}

/** A capture that nobody has taken for so long is worth a look; until then its packets wait in memory. Milliseconds. */
export const waitingTooLongMs = 5_000;
/** More jobs than this waiting in a queue means that it does not keep up. */
export const queueBehindJobs = 20;
/** Below this a recorder may not outlive an outage of the archive. Bytes. */
export const spoolSpaceBytes = 2_000_000_000;
/** Coverage is measured in whole packets of 20 ms: less than this much missing is rounding. Seconds. */
const roundingSeconds = 1;

/** Is everything being kept? Every figure of the overview that says otherwise becomes a finding. */
export function judge(overview: Overview, check?: Pick<ArchiveCheck, 'open'>): Judgement {
  const findings: Finding[] = [];
  for (const { name, state } of overview.services) {
    if (state === 'down') findings.push({ severity: 'bad', kind: 'service-down', service: name });
    if (state === 'slow') findings.push({ severity: 'warn', kind: 'service-slow', service: name });
  }
  if (overview.workers.length === 0) findings.push({ severity: 'bad', kind: 'no-recorder' });
  const refusing = overview.workers.flatMap(({ workerId, refusing: why }) =>
    why ? [{ workerId, why }] : [],
  );
  if (refusing.length > 0 && refusing.length === overview.workers.length) {
    findings.push({ severity: 'bad', kind: 'recorders-refuse' });
  } else {
    for (const { workerId, why } of refusing) {
      // One that stops is on its way out, as somebody wanted.
      if (why === 'stopping') continue;
      findings.push({ severity: 'warn', kind: 'recorder-refusing', workerId, refusing: why });
    }
  }
  const lost = overview.captures.filter(({ state }) => state === 'lost').length;
  if (lost > 0) findings.push({ severity: 'bad', kind: 'capture-lost', count: lost });
  const waiting = overview.captures.filter(
    ({ state, bufferedMs }) => state === 'waiting' && bufferedMs > waitingTooLongMs,
  ).length;
  if (waiting > 0) findings.push({ severity: 'bad', kind: 'capture-waiting', count: waiting });
  const single = overview.captures.filter(
    ({ state, copies }) => state === 'running' && copies.some(({ workerId }) => workerId === null),
  ).length;
  if (single > 0) findings.push({ severity: 'warn', kind: 'copy-missing', count: single });
  const found = check?.open.reduce((sum, { count }) => sum + count, 0) ?? 0;
  if (found > 0) findings.push({ severity: 'warn', kind: 'archive-findings', count: found });
  if (overview.failures.length > 0) {
    findings.push({ severity: 'bad', kind: 'recording-failed', count: overview.failures.length });
  }
  for (const queue of overview.queues) {
    if (queue.failed > 0) {
      findings.push({ severity: 'warn', kind: 'queue-failed', queue: queue.name, count: queue.failed });
    }
    if (queue.waiting > queueBehindJobs) {
      findings.push({ severity: 'warn', kind: 'queue-behind', queue: queue.name, count: queue.waiting });
    }
  }
  const missingSeconds = overview.coverageToday.callSeconds - overview.coverageToday.recordedSeconds;
  if (missingSeconds > roundingSeconds) findings.push({ severity: 'warn', kind: 'coverage', missingSeconds });
  for (const { spoolFreeBytes } of overview.workers) {
    if (spoolFreeBytes < spoolSpaceBytes) {
      findings.push({ severity: 'warn', kind: 'spool-space', freeBytes: spoolFreeBytes });
    }
  }
  findings.sort((one, other) => rank(other) - rank(one));
  return { severity: findings[0]?.severity ?? 'good', findings };
}

function rank({ severity }: Finding): number {
  return severity === 'bad' ? 1 : 0;
}
