/** A stretch of wall-clock time, UTC ms. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * What is known of one listening, and what of it is credited. Time counts as heard only while sound demonstrably got
 * there: packets that were both sent by us and acknowledged by the listener's side, or sound that was handed out from
 * disk. A page that is left open proves nothing.
 */
export interface CreditLedger {
  /** Until when the time has been judged, UTC ms. */
  readonly at: number;
  /** Packets that were sent and acknowledged by then. */
  readonly packets: number;
  /** Sound from disk that was handed out and has not been heard yet at its own pace, ms. */
  readonly inHandMs: number;
  /** What is credited, in order, without overlap. */
  readonly heard: readonly Span[];
}

/**
 * The longest time between two packets of a stream that is not muted: Opus with DTX sends one every 400 ms
 * (RFC 7587 §3.1.3), G.711 one every 10–60 ms.
 */
export const longestPacketGapMs = 400;
/** One proof reaches back no further than this: reports come every 2 s, judgements every 5 s. Milliseconds. */
export const longestProofMs = 15_000;
/** A player holds this much ahead at the most; what is fetched beyond it is not being heard. Milliseconds. */
export const mostInHandMs = 60_000;
/** More stretches than this are not told apart: the hearing's record stays small. */
const mostSpans = 500;

export const openLedger = (at: number): CreditLedger => ({ at, packets: 0, inHandMs: 0, heard: [] });

/** Sound was read from disk for the listener. */
export function handOut(ledger: CreditLedger, audioMs: number): CreditLedger {
  const inHandMs = Math.min(mostInHandMs, ledger.inHandMs + Math.max(0, audioMs));
  return { ...ledger, inHandMs };
}

/**
 * Judges the time since the last judgement. `received` is the listener's own count of packets if a report has come
 * since then, else null; `sent` is ours. Only what both counts have counts, so that a report above what was sent, like
 * one of a muted call, gains nothing. Without a report and without sound from disk the judgement waits.
 */
export function judge(
  ledger: CreditLedger,
  { at, received, sent }: { at: number; received: number | null; sent: number },
): CreditLedger {
  if (at <= ledger.at || (received === null && ledger.inHandMs === 0)) return ledger;
  const packets = received === null ? ledger.packets : Math.max(ledger.packets, Math.min(received, sent));
  const provable = Math.min(at - ledger.at, longestProofMs);
  const byPackets = Math.min(provable, (packets - ledger.packets) * longestPacketGapMs);
  const fromDisk = Math.min(provable - byPackets, ledger.inHandMs);
  return {
    at,
    packets,
    inHandMs: ledger.inHandMs - fromDisk,
    heard: append(ledger.heard, at, byPackets + fromDisk),
  };
}

function append(heard: readonly Span[], to: number, length: number): readonly Span[] {
  if (length <= 0) return heard;
  const last = heard.at(-1);
  if (last && (last.to >= to - length || heard.length >= mostSpans)) {
    const joined = last.to >= to - length ? Math.max(last.to, to) : last.to + length;
    return [...heard.slice(0, -1), { from: last.from, to: joined }];
  }
  return [...heard, { from: to - length, to }];
}

/**
 * The time credited to one person within a window, ms: the union of what they heard, so that two listenings at once
 * count once, however many windows are open.
 */
export function creditedMs(
  hearings: readonly { readonly heard: readonly Span[] }[],
  window: Span = { from: 0, to: Number.MAX_SAFE_INTEGER },
): number {
  const spans = hearings
    .flatMap(({ heard }) => heard)
    .map(({ from, to }) => ({ from: Math.max(from, window.from), to: Math.min(to, window.to) }))
    .filter(({ from, to }) => to > from)
    .sort((a, b) => a.from - b.from);
  let sum = 0;
  let until = 0;
  for (const { from, to } of spans) {
    sum += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return sum;
}
