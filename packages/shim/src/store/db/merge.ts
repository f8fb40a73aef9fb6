import { realpathSync } from 'node:fs';
import type { RollupRow, UsageRollups } from '@ccp/contracts';
import { samplesCoverFrom } from './recompute-rollups.ts';
import {
  addSample,
  addSums,
  bucketStart,
  DAY,
  HOUR,
  noSums,
  rollupRowOf,
  sumsOf,
  ttftOf,
  ttftOfRow,
  type CostOf,
  type Granularity,
  type RollupSums,
  type Ttft,
} from './rollup-sums.ts';
import { sampleOf, type Sample } from './sample.ts';
import { columnsOf } from './schema.ts';
import { numberOf, openDatabase, type Database } from './sqlite.ts';

export interface MergedRollups {
  readonly hour: UsageRollups;
  readonly day: UsageRollups;
  /** Files that could not be read, in words. */
  readonly problems: readonly string[];
}

/**
 * Hour and day rows over many databases, ours or the original program's, which are only read.
 *
 * A bucket whose samples are all still there, in every database that knows it, is summed from the distinct samples: one
 * that lies in several files (same `ts` and `rid`) counts once. Of other buckets the rows are added; a file and its copy
 * then count twice, which nobody can tell from two shims with equal use. Each bucket is summed in an order of its own,
 * so the answer is the same to the last byte for the same files in any order; its `ts` is that of the newest row.
 */
export function mergeRollups(paths: readonly string[], costOf?: CostOf): MergedRollups {
  const sources: Source[] = [];
  const problems: string[] = [];
  for (const path of [...new Set(paths.map(realPath))].toSorted()) {
    try {
      sources.push(openSource(path));
    } catch (error) {
      problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  try {
    return { hour: merged(sources, HOUR, costOf), day: merged(sources, DAY, costOf), problems };
  } finally {
    for (const { db } of sources) db.close();
  }
}

interface Source {
  readonly db: Database;
  /** Every sample at or after it is still there. */
  readonly coverFromTs: number;
}

/** What one database has of one bucket. */
interface Holding {
  readonly row: { readonly sums: RollupSums; readonly ttft: Ttft } | null;
  readonly samples: readonly Sample[];
  readonly covered: boolean;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function openSource(path: string): Source {
  const db = openDatabase(path, { readOnly: true });
  try {
    if (columnsOf(db, 'usage_sample').length === 0) throw new Error('has no usage_sample table');
    const isOurs = columnsOf(db, 'state').length > 0;
    // The original program deleted by age and left no note: it covers what begins with its oldest sample.
    const oldest = numberOf(db, 'SELECT min(ts) FROM usage_sample') ?? Infinity;
    return { db, coverFromTs: isOurs ? (samplesCoverFrom(db) ?? -Infinity) : oldest };
  } catch (error) {
    db.close();
    throw error;
  }
}

function merged(sources: readonly Source[], granularity: Granularity, costOf: CostOf | undefined): UsageRollups {
  const models = new Map<string, RollupRow[]>();
  let newestTs = 0;
  for (const start of startsIn(sources, granularity)) {
    newestTs = Math.max(newestTs, start);
    const holdings = sources.map((source) => holdingsAt(source, granularity, start));
    const names = new Set(holdings.flatMap((byModel) => [...byModel.keys()]));
    for (const model of [...names].toSorted(byText)) {
      const held = holdings.flatMap((byModel) => byModel.get(model) ?? []);
      const rows = models.get(model) ?? [];
      models.set(model, [...rows, rowOf(start, held, costOf)]);
    }
  }
  const sorted = [...models].toSorted(([a], [b]) => byText(a, b));
  return { granularity: granularity.name, models: Object.fromEntries(sorted), ts: newestTs };
}

function startsIn(sources: readonly Source[], granularity: Granularity): number[] {
  const { table, keyColumn, lengthS } = granularity;
  const starts = new Set<number>();
  for (const { db } of sources) {
    if (columnsOf(db, table).length > 0) {
      for (const row of db.prepare(`SELECT DISTINCT ${keyColumn} AS place FROM ${table}`).all())
        starts.add(granularity.startOf(row['place']));
    }
    for (let from = 0; ;) {
      const next = numberOf(db, 'SELECT min(ts) FROM usage_sample WHERE ts >= ?', from);
      if (next === null || !Number.isFinite(next)) break;
      const start = bucketStart(granularity, next);
      starts.add(start);
      from = start + lengthS;
    }
  }
  return [...starts].filter(Number.isFinite).toSorted((a, b) => a - b);
}

function holdingsAt({ db, coverFromTs }: Source, granularity: Granularity, start: number): Map<string, Holding> {
  const { table, keyColumn, lengthS } = granularity;
  const samples = new Map<string, Sample[]>();
  for (const row of db.prepare('SELECT * FROM usage_sample WHERE ts >= ? AND ts < ?').all(start, start + lengthS)) {
    const sample = sampleOf(row);
    const known = samples.get(sample.model);
    if (known === undefined) samples.set(sample.model, [sample]);
    else known.push(sample);
  }
  const rows = new Map<string, NonNullable<Holding['row']>>();
  if (columnsOf(db, table).length > 0) {
    for (const row of db.prepare(`SELECT * FROM ${table} WHERE ${keyColumn} = ?`).all(granularity.keyOf(start))) {
      rows.set(typeof row['model'] === 'string' ? row['model'] : '', { sums: sumsOf(row), ttft: ttftOfRow(row) });
    }
  }
  const holdings = new Map<string, Holding>();
  for (const model of new Set([...samples.keys(), ...rows.keys()])) {
    const own = samples.get(model) ?? [];
    const row = rows.get(model) ?? null;
    // A row that has counted more than is there knows of samples that were lost.
    holdings.set(model, { row, samples: own, covered: start >= coverFromTs && own.length >= (row?.sums.count ?? 0) });
  }
  return holdings;
}

function rowOf(start: number, held: readonly Holding[], costOf: CostOf | undefined): RollupRow {
  if (held.every(({ covered }) => covered)) {
    const sums = sumsOfDistinct(held, costOf);
    return rollupRowOf(start, sums, ttftOf(sums));
  }
  // Whichever has counted more: rows of the original program shrank with time, and its newest hour has none yet.
  const parts = held.map(({ row, samples }) =>
    row !== null && row.sums.count >= samples.length ? row : { sums: total(inOrder(samples), costOf), ttft: null },
  );
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return rollupRowOf(start, only.sums, only.ttft ?? ttftOf(only.sums));
  const sums = noSums();
  for (const part of parts.toSorted((a, b) => byText(JSON.stringify(a.sums), JSON.stringify(b.sums))))
    addSums(sums, part.sums);
  return rollupRowOf(start, sums, ttftOf(sums));
}

function sumsOfDistinct(held: readonly Holding[], costOf: CostOf | undefined): RollupSums {
  const distinct = new Map<string, Sample>();
  for (const sample of inOrder(held.flatMap(({ samples }) => samples))) {
    const key = `${sample.ts}\n${sample.rid}`;
    if (!distinct.has(key)) distinct.set(key, sample);
  }
  const sums = total(distinct.values(), costOf);
  if (costOf === undefined) sums.costUsd = costOfRows(held, distinct.size);
  return sums;
}

/** Rows know what their samples cost; of samples that partly lie in several files nobody does. */
function costOfRows(held: readonly Holding[], distinct: number): number | null {
  const costs = (holdings: readonly Holding[]): number[] =>
    holdings.flatMap(({ row }) => row?.sums.costUsd ?? []).toSorted((a, b) => a - b);
  const complete = costs(held.filter(({ samples }) => samples.length === distinct)).at(-1);
  if (complete !== undefined) return complete;
  const counted = held.reduce((sum, { samples }) => sum + samples.length, 0);
  const parts = costs(held);
  return counted === distinct && parts.length > 0 ? parts.reduce((sum, cost) => sum + cost, 0) : null;
}

function total(samples: Iterable<Sample>, costOf: CostOf | undefined): RollupSums {
  const sums = noSums();
  for (const sample of samples) addSample(sums, sample, costOf?.(sample) ?? null);
  return sums;
}

function inOrder(samples: readonly Sample[]): Sample[] {
  return samples.toSorted(
    (a, b) => a.ts - b.ts || byText(a.rid, b.rid) || byText(JSON.stringify(a), JSON.stringify(b)),
  );
}

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
