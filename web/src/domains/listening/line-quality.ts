import { lineGrade, type LineGrade as MeasuredGrade } from '#contract/line-grade.ts';

/** What the receiving side measured since the last look. */
export interface LineSample {
  /** There and back; null while it is not known. */
  readonly roundTripMs: number | null;
  /** Of the unsteadiest leg. */
  readonly jitterMs: number;
  /** Over all legs, 0–1. */
  readonly lossRatio: number;
  /** Packets received since the last look. */
  readonly packets: number;
  /** Packets received since the listening began. */
  readonly receivedPackets: number;
  /** How long sound waited in the jitter buffer before it was played, since the last look; of the slowest leg. */
  readonly bufferMs: number;
}

export type LineGrade = MeasuredGrade | 'silent';

/** The line in one word; `silent` where nothing came at all. */
export const gradeOf = (sample: LineSample): LineGrade =>
  sample.packets === 0 ? 'silent' : lineGrade(sample);

interface Counts {
  readonly received: number;
  readonly lost: number;
  /** Seconds that all samples waited together, and how many they were. */
  readonly waited: number;
  readonly emitted: number;
}

export type Entry = Record<string, unknown>;

/** Turns successive stats reports of one transport (W3C webrtc-stats) into samples. */
export class LineMeter {
  /** By stream, because a leg may come or leave between two looks. */
  #before = new Map<string, Counts>();
  #receivedPackets = 0;

  sample(report: ReadonlyMap<string, unknown>): LineSample {
    const now = new Map<string, Counts>();
    let packets = 0;
    let lost = 0;
    let jitter = 0;
    let buffer = 0;
    for (const entry of report.values() as Iterable<Entry>) {
      if (entry.type !== 'inbound-rtp') continue;
      const id = String(entry.id);
      const counts = {
        received: Number(entry.packetsReceived ?? 0),
        lost: Number(entry.packetsLost ?? 0),
        waited: Number(entry.jitterBufferDelay ?? 0),
        emitted: Number(entry.jitterBufferEmittedCount ?? 0),
      };
      const before = this.#before.get(id) ?? { received: 0, lost: 0, waited: 0, emitted: 0 };
      now.set(id, counts);
      packets += Math.max(0, counts.received - before.received);
      // packetsLost falls when a packet that was given up arrives late (RFC 3550 §A.3).
      lost += Math.max(0, counts.lost - before.lost);
      jitter = Math.max(jitter, Number(entry.jitter ?? 0));
      const emitted = counts.emitted - before.emitted;
      if (emitted > 0) buffer = Math.max(buffer, (counts.waited - before.waited) / emitted);
    }
    this.#before = now;
    this.#receivedPackets += packets;
    const roundTrip = roundTripOf(report);
    return {
      roundTripMs: roundTrip === null ? null : Math.round(roundTrip * 1000),
      jitterMs: Math.round(jitter * 1000),
      lossRatio: packets + lost === 0 ? 0 : lost / (packets + lost),
      packets,
      receivedPackets: this.#receivedPackets,
      bufferMs: Math.round(buffer * 1000),
    };
  }
}

/** The pair of candidates in use: after an ICE restart the pairs of before linger in the report. */
export function pairInUse(report: ReadonlyMap<string, unknown>): Entry | undefined {
  const entries = [...report.values()] as Entry[];
  const selected = entries.find((entry) => entry.type === 'transport')?.selectedCandidatePairId;
  return (
    (selected === undefined ? undefined : (report.get(String(selected)) as Entry | undefined)) ??
    entries.findLast((entry) => entry.type === 'candidate-pair' && entry.nominated === true)
  );
}

/** Seconds. */
function roundTripOf(report: ReadonlyMap<string, unknown>): number | null {
  const trip = pairInUse(report)?.currentRoundTripTime;
  return trip === undefined ? null : Number(trip);
}
