import type { z } from 'zod';
import type { serviceState } from '#contract/operations.ts';

export type ServiceState = z.output<typeof serviceState>;

/** One thing the process depends on, and how to ask it. */
export interface Probe {
  readonly name: ServiceState['name'];
  /** Without it the process can serve nobody: `/readyz` answers 503. */
  readonly vital: boolean;
  /** Resolves with a word for the operations page (or nothing); rejects when the thing is down. */
  readonly check: () => Promise<string | undefined>;
}

const slowAfterMs = 500;

/** Asks once. `latencyMs` is wall time; a probe that takes over `timeoutMs` is down. */
export async function askProbe(probe: Probe, timeoutMs = 2_000): Promise<ServiceState> {
  const startedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  try {
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    });
    const detail = await Promise.race([probe.check(), limit]);
    const latencyMs = Math.round((performance.now() - startedAt) * 10) / 10;
    return {
      name: probe.name,
      state: latencyMs > slowAfterMs ? 'slow' : 'up',
      latencyMs,
      detail: detail ?? null,
    };
  } catch (error) {
    return { name: probe.name, state: 'down', latencyMs: null, detail: reasonOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Messages of drivers may carry addresses and credentials; their names and codes do not. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = (error as NodeJS.ErrnoException).code;
  if (typeof code === 'string') return code;
  return error.message.startsWith('no answer within') ? error.message : error.name;
}
