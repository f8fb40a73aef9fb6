import { Counter, Gauge, type Registry } from 'prom-client';

/** A family whose values live elsewhere and are copied in when somebody scrapes. */
export interface CopiedFamily {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly values: () => Iterable<readonly [readonly string[], number]>;
}

export function counter(registry: Registry, { name, help, labels, values }: CopiedFamily): void {
  const made = new Counter({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      this.reset();
      for (const [labelValues, value] of values()) made.inc(named(labels, labelValues), value);
    },
  });
}

export function gauge(registry: Registry, { name, help, labels, values }: CopiedFamily): void {
  const made = new Gauge({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect() {
      this.reset();
      for (const [labelValues, value] of values()) made.set(named(labels, labelValues), value);
    },
  });
}

function named(labels: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(labels.map((label, index) => [label, values[index] ?? '']));
}
