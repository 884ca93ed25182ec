import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Every metric of the product starts with this, then its subject, then the unit. */
export const metricPrefix = 'cloud_listening_';

/** One reading of a gauge: a value, or one value per combination of labels. */
export type Reading<L extends string> = number | { labels: Record<L, string>; value: number }[];

/**
 * The process's Prometheus registry. Gauges are read when they are asked for: a domain registers a function
 * and keeps no copy of its own state. A gauge that cannot be read is left out of that answer and counted.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #unreadable: Counter<'metric'>;

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.#unreadable = this.counter('unreadable_gauges_total', 'Gauges that failed while being read', [
      'metric',
    ]);
  }

  /** `name` without the prefix, in Prometheus' base units (seconds, bytes, ratio 0–1). */
  gauge<L extends string = never>(
    name: string,
    help: string,
    labelNames: readonly L[],
    read: () => Reading<L> | Promise<Reading<L>>,
  ): void {
    const unreadable = () => this.#unreadable.inc({ metric: name });
    new Gauge<L>({
      name: metricPrefix + name,
      help,
      labelNames,
      registers: [this.#registry],
      async collect() {
        this.reset();
        try {
          const reading = await read();
          if (typeof reading === 'number') this.set(reading);
          else for (const { labels, value } of reading) this.set(labels as Record<L, string>, value);
        } catch {
          // What is not known must not be shown as 0.
          this.remove();
          unreadable();
        }
      },
    });
  }

  /** Counters end in `_total`. */
  counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter<L>({ name: metricPrefix + name, help, labelNames, registers: [this.#registry] });
  }

  /** `buckets` are upper bounds in the base unit of the name. */
  histogram<L extends string = never>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets: number[],
  ): Histogram<L> {
    return new Histogram<L>({
      name: metricPrefix + name,
      help,
      labelNames,
      buckets,
      registers: [this.#registry],
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text exposition format, read now. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
