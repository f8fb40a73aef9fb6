import type { Registry } from 'prom-client';

interface Counted {
  readonly counts: Float64Array;
  sum: number;
}

export interface DistributionOptions {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds, rising. */
  readonly buckets: readonly number[];
}

/**
 * A Prometheus histogram whose observations are plain additions: the library hashes its labels anew at every one, which
 * made up a tenth of a short request. It is written out by the library like any other metric.
 */
export class Distribution {
  readonly #options: DistributionOptions;
  readonly #byLabels = new Map<string, Counted>();

  constructor(registry: Registry, options: DistributionOptions) {
    this.#options = options;
    const { name, help } = options;
    const get = (): Promise<object> =>
      Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values: this.#values() });
    registry.registerMetric({
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      get,
      reset: () => this.#byLabels.clear(),
    } as never);
  }

  /** `labelValues`: one per label, joined with a line feed, which no label holds. */
  observe(labelValues: string, value: number): void {
    const { buckets } = this.#options;
    let counted = this.#byLabels.get(labelValues);
    if (counted === undefined) {
      counted = { counts: new Float64Array(buckets.length + 1), sum: 0 };
      this.#byLabels.set(labelValues, counted);
    }
    let at = 0;
    while (at < buckets.length && value > (buckets[at] ?? Infinity)) at += 1;
    counted.counts[at] = (counted.counts[at] ?? 0) + 1;
    counted.sum += value;
  }

  #values(): { labels: Record<string, string | number>; value: number; metricName: string }[] {
    const { name, labels, buckets } = this.#options;
    return [...this.#byLabels].flatMap(([key, { counts, sum }]) => {
      const parts = key.split('\n');
      const named = Object.fromEntries(labels.map((label, index) => [label, parts[index] ?? '']));
      let below = 0;
      const cumulative = [...buckets, '+Inf'].map((le, index) => {
        below += counts[index] ?? 0;
        return { labels: { ...named, le }, value: below, metricName: `${name}_bucket` };
      });
      return [
        ...cumulative,
        { labels: named, value: sum, metricName: `${name}_sum` },
        { labels: named, value: below, metricName: `${name}_count` },
      ];
    });
  }
}
