/** Begins a line that a lane writes for the process that started it, amid what its tests print. */
const sign = '\u001e';

/** What a lane tells in its own output, so that both keep their order. */
export type LaneMark =
  /** The lines since the last mark are this file's. */
  | { readonly kind: 'file'; readonly path: string; readonly ms: number }
  /** All tests have run. The lines up to `told` are the failures, as mocha lists them. */
  | {
      readonly kind: 'over';
      readonly passed: number;
      readonly failed: number;
      readonly pending: number;
      readonly ms: number;
    }
  /** There is nothing more to do: the process ends by itself now, unless something keeps it. */
  | { readonly kind: 'told' };

export type LaneSums = Omit<Extract<LaneMark, { kind: 'over' }>, 'kind'>;

export const markLine = (mark: LaneMark): string => `${sign}${JSON.stringify(mark)}\n`;

/** One file's output, whole. */
export interface FileBlock {
  readonly path: string;
  readonly ms: number;
  readonly lines: readonly string[];
}

/** Reads a lane's output line by line. */
export class LaneReading {
  /** Known once all tests have run. */
  sums: LaneSums | undefined;
  /** Whether it has said everything. */
  told = false;
  /** Mocha's list of failures. */
  readonly failures: string[] = [];
  #lines: string[] = [];

  /** Answers a file's block when the line ends it. */
  read(line: string): FileBlock | undefined {
    const at = line.indexOf(sign);
    // A test may have left a line unfinished before the mark.
    const said = at < 0 ? line : line.slice(0, at);
    if (at !== 0) (this.sums && !this.told ? this.failures : this.#lines).push(said);
    if (at < 0) return undefined;
    const mark = JSON.parse(line.slice(at + sign.length)) as LaneMark;
    if (mark.kind === 'file') return { path: mark.path, ms: mark.ms, lines: this.rest() };
    if (mark.kind === 'told') this.told = true;
    else {
      const { kind: _, ...sums } = mark;
      this.sums = sums;
    }
    return undefined;
  }

  /** What belongs to no file, or to one that did not come to its end. */
  rest(): string[] {
    return this.#lines.splice(0);
  }
}
