/** What a listener's side measured since its last report. */
export interface LineReport {
  /** There and back, ms; null while it is not known. */
  readonly roundTripMs: number | null;
  /** Of the unsteadiest leg, ms (RFC 3550 §6.4.1). */
  readonly jitterMs: number;
  /** Of the packets due, 0–1. */
  readonly lossRatio: number;
}

/** A piece of a listening's line, `lineWindowMs` long: the worst round trip and jitter, the mean loss. */
export interface LineWindow extends LineReport {
  /** Its beginning, UTC ms. */
  readonly at: number;
}

/** Milliseconds. A listening's history is read by people: finer would be noise. */
export const lineWindowMs = 10_000;
/** Two hours: longer than a slot. */
export const lineWindowsKept = 720;

/** Gathers the reports of one running listening into windows. */
export class LineRecord {
  #open: { at: number; reports: LineReport[] } | undefined;
  #done: LineWindow[] = [];

  add(report: LineReport, at: number): void {
    if (this.#open && at - this.#open.at >= lineWindowMs) this.#close();
    this.#open ??= { at, reports: [] };
    this.#open.reports.push(report);
  }

  /** The windows that were finished since they were taken last; all of them when the listening is `over`. */
  take(over = false): LineWindow[] {
    if (over) this.#close();
    const done = this.#done;
    this.#done = [];
    return done;
  }

  /** What was taken could not be written: it is taken with the next ones. */
  giveBack(windows: readonly LineWindow[]): void {
    this.#done = [...windows, ...this.#done].slice(-lineWindowsKept);
  }

  #close(): void {
    const open = this.#open;
    this.#open = undefined;
    if (!open) return;
    const trips = open.reports.flatMap(({ roundTripMs }) => roundTripMs ?? []);
    const loss = open.reports.reduce((sum, { lossRatio }) => sum + lossRatio, 0) / open.reports.length;
    this.#done.push({
      at: open.at,
      roundTripMs: trips.length === 0 ? null : Math.max(...trips),
      jitterMs: Math.max(...open.reports.map(({ jitterMs }) => jitterMs)),
      lossRatio: Math.round(loss * 10_000) / 10_000,
    });
  }
}
