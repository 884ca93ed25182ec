/** What the receiving side measured since the last look. */
export interface LineSample {
  readonly roundTripMs: number | null;
  readonly jitterMs: number;
  /** 0–1. */
  readonly lossRatio: number;
  /** Packets received since the last look. */
  readonly packets: number;
  /** Packets received since the listening began. */
  readonly receivedPackets: number;
}

export type LineGrade = 'good' | 'fair' | 'poor' | 'silent';

/**
 * The line in one word. Bounds after ITU-T G.114 (one-way delay under 150 ms is not noticed) and the usual
 * concealment of Opus and G.711 players (1 % loss is inaudible, 5 % is not).
 */
export function gradeOf(sample: LineSample): LineGrade {
  if (sample.packets === 0) return 'silent';
  const roundTrip = sample.roundTripMs ?? 0;
  if (sample.lossRatio > 0.05 || sample.jitterMs > 60 || roundTrip > 400) return 'poor';
  if (sample.lossRatio > 0.01 || sample.jitterMs > 30 || roundTrip > 200) return 'fair';
  return 'good';
}

interface Counts {
  received: number;
  lost: number;
}

/** Turns successive stats reports of one transport into samples. */
export class LineMeter {
  #before: Counts = { received: 0, lost: 0 };

  sample(report: RTCStatsReport): LineSample {
    const counts: Counts = { received: 0, lost: 0 };
    let jitter = 0;
    let roundTrip: number | null = null;
    for (const entry of report.values() as Iterable<Record<string, unknown>>) {
      if (entry.type === 'inbound-rtp') {
        counts.received += Number(entry.packetsReceived ?? 0);
        counts.lost += Math.max(0, Number(entry.packetsLost ?? 0));
        jitter = Math.max(jitter, Number(entry.jitter ?? 0));
      } else if (
        entry.type === 'candidate-pair' &&
        entry.nominated === true &&
        entry.currentRoundTripTime !== undefined
      ) {
        roundTrip = Number(entry.currentRoundTripTime) * 1000;
      }
    }
    const packets = Math.max(0, counts.received - this.#before.received);
    const lost = Math.max(0, counts.lost - this.#before.lost);
    this.#before = counts;
    return {
      roundTripMs: roundTrip === null ? null : Math.round(roundTrip),
      jitterMs: Math.round(jitter * 1000),
      lossRatio: packets + lost === 0 ? 0 : lost / (packets + lost),
      packets,
      receivedPackets: counts.received,
    };
  }
}
