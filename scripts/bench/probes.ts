import type { Heard } from './audience.ts';
import { type Figure, percentile, rounded } from './figures.ts';

/**
 * So many probes hear beside a crowd, in a process of their own: enough to meet early and late places of the SFU's
 * round, and few enough that the last of them is not kept waiting by the first.
 */
export const probeCount = 8;

/**
 * What the house adds between the sender and the probes' ears: their way less a direct peer connection's between two
 * processes in the same seconds, on the same busy cores.
 */
export function addedLatency(
  name: string,
  { travelledMs, directMs }: Heard,
  limits?: { readonly p50: number; readonly p99: number },
): Figure[] {
  return ([50, 99] as const).map((rank): Figure => {
    const [through, direct] = [percentile(travelledMs, rank), percentile(directMs, rank)];
    const limit = limits?.[`p${rank}`];
    return {
      name: `${name}: added latency p${rank}`,
      value: rounded(through - direct),
      unit: 'ms',
      beside: `${limit === undefined ? '' : `target ≤ ${limit} ms; `}sender to ear ${rounded(through)} ms, direct ${rounded(direct)} ms (${travelledMs.length} and ${directMs.length} packets)`,
      ratio: rounded(through / direct),
      ...(limit === undefined ? {} : { met: through - direct <= limit }),
    };
  });
}
