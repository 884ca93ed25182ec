/** How often a step reports where nobody watches a terminal (a log file, CI), in ms. */
const LINE_EVERY_MS = 10_000;
/** How often the updating line of a terminal is redrawn, in ms. */
const REDRAW_EVERY_MS = 250;
/** A step shorter than this says nothing where lines cannot be taken back, in ms. */
const WORTH_A_LINE_MS = 1_000;

/** One long step. `update` tells how far it is; exactly one of `done` and `failed` ends it. */
export interface Step {
  /** @param done units finished @param of units in all @param detail what is being worked on */
  update(done: number, of: number, detail?: string): void;
  done(result?: string): void;
  failed(): void;
}

/** What the set-up and the launchers tell a person: one line a step, what, how far, how long. */
export interface Progress {
  step(what: string): Step;
  /** Prints a line that stays. */
  line(text: string): void;
}

interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** "8 s", "1:05 min", "1:02:03 h". */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)} min`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)} h`;
}

class RunningStep implements Step {
  readonly what: string;
  private readonly started = Date.now();
  private readonly ended: (step: RunningStep, line: string | undefined) => void;
  private readonly lineTimer: NodeJS.Timeout | undefined;
  private fraction = 0;
  private position = '';

  constructor(
    what: string,
    report: ((line: string) => void) | undefined,
    ended: (step: RunningStep, line: string | undefined) => void,
  ) {
    this.what = what;
    this.ended = ended;
    if (report) this.lineTimer = setInterval(() => report(this.text()), LINE_EVERY_MS).unref();
  }

  update(done: number, of: number, detail?: string): void {
    this.fraction = of > 0 ? Math.min(done / of, 1) : 0;
    this.position = `${of > 0 ? ` ${done} of ${of}` : ''}${detail ? ` (${detail})` : ''}`;
  }

  /** "building the media worker 132 of 258, 1:20 min, about 1:16 min left". */
  text(): string {
    const elapsed = Date.now() - this.started;
    const left = (elapsed / this.fraction) * (1 - this.fraction);
    const estimate = this.fraction > 0.02 && elapsed > 3000 ? `, about ${duration(left)} left` : '';
    return `${this.what}${this.position}, ${duration(elapsed)}${estimate}`;
  }

  done(result?: string): void {
    clearInterval(this.lineTimer);
    const elapsed = Date.now() - this.started;
    const worthIt = elapsed >= WORTH_A_LINE_MS || result !== undefined;
    const text = `${this.what}: ${result ?? 'done'}, ${duration(elapsed)}`;
    this.ended(this, worthIt ? text : undefined);
  }

  failed(): void {
    clearInterval(this.lineTimer);
    this.ended(this, `${this.what}: failed after ${duration(Date.now() - this.started)}`);
  }
}

/**
 * Progress on a terminal is one updating line below the lines that stay; elsewhere it is a line every ten seconds.
 * All output of a launcher goes through here, so that the updating line is never torn.
 */
export class Terminal implements Progress {
  private readonly out: Output;
  private readonly running = new Set<RunningStep>();
  private redraw: NodeJS.Timeout | undefined;
  private drawn = false;

  constructor(out: Output = process.stdout) {
    this.out = out;
  }

  step(what: string): Step {
    const report = this.out.isTTY ? undefined : (line: string) => this.line(`${line} ...`);
    const step = new RunningStep(what, report, (ended, line) => {
      this.running.delete(ended);
      if (line !== undefined) this.line(line);
      else this.draw();
      if (this.running.size === 0) {
        clearInterval(this.redraw);
        this.redraw = undefined;
      }
    });
    this.running.add(step);
    if (this.out.isTTY) this.redraw ??= setInterval(() => this.draw(), REDRAW_EVERY_MS).unref();
    return step;
  }

  line(text: string): void {
    this.clear();
    this.out.write(`${text}\n`);
    this.draw();
  }

  private clear(): void {
    if (this.drawn) this.out.write('\r\x1b[K');
    this.drawn = false;
  }

  private draw(): void {
    this.clear();
    if (!this.out.isTTY || this.running.size === 0) return;
    const text = [...this.running].map((step) => step.text()).join(' | ');
    this.out.write(text.slice(0, (this.out.columns ?? 80) - 1));
    this.drawn = true;
  }
}
