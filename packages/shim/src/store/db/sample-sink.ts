import type { WriteMode } from './batch-writer.ts';
import { ItemRows } from './item-rows.ts';
import type { UsageDatabase } from './open-usage-database.ts';
import { recomputeSteps, samplesCoverFrom } from './recompute-rollups.ts';
import { bucketStart, DAY, HOUR, type CostOf } from './rollup-sums.ts';
import { minuteOf, type Sample } from './sample.ts';

export interface Inserted {
  readonly inserted: number;
  readonly already: number;
  /** Older than what the database still has samples of, in an hour that is summed up: they may be in that sum. */
  readonly tooOld: number;
}

/** Where samples from a log go. */
export interface SampleSink {
  insert(samples: readonly Sample[], mode?: WriteMode): Inserted;
  /** After `samples_only`: brings sums and minutes into line, a short transaction per step. */
  settle(): Iterable<void>;
}

/** `connection` is asked each time: the server's may be a new one. */
export function sampleSink(connection: () => UsageDatabase, costOf?: CostOf, nowTs?: () => number): SampleSink {
  const openHours = new Map<string, boolean>();
  return {
    insert: (samples, mode = 'counted') => {
      const { db, writer } = connection();
      const edge = mode === 'counted' ? samplesCoverFrom(db) : null;
      const hasRow = (table: string, key: string, value: number | string, model: string): boolean =>
        db.prepare(`SELECT 1 AS one FROM ${table} WHERE ${key} = ? AND model = ?`).get(value, model) !== undefined;
      // Deleted samples stay in the sums. An hour without a row has never counted one; rows made here don't tell.
      const isOpen = ({ ts, model }: Sample): boolean => {
        if (edge === null || ts >= edge) return true;
        const hour = bucketStart(HOUR, ts);
        const key = `${hour}\n${model}`;
        let open = openHours.get(key);
        if (open === undefined) {
          const day = new Date(bucketStart(DAY, ts) * 1000).toISOString().slice(0, 10);
          open =
            !hasRow(HOUR.table, HOUR.keyColumn, hour, model) &&
            (hour >= hoursFrom(db) || !hasRow(DAY.table, DAY.keyColumn, day, model));
          openHours.set(key, open);
        }
        return open;
      };
      const open = samples.filter(isOpen);
      const items = ItemRows.of(open.map((sample) => ({ sample, minute: minuteOf(sample), decision: null })));
      const inserted = writer.write({ items, states: new Map(), configs: new Map(), nowTs: 0 }, mode);
      return { inserted, already: items.length - inserted, tooOld: samples.length - items.length };
    },
    settle: () =>
      recomputeSteps(connection().db, {
        fullyCoveredFromTs: 0,
        neverShrink: true,
        ...(costOf && { costOf }),
        ...(nowTs && { nowTs: nowTs() }),
      }),
  };
}

/** Hour rows before it have been deleted. */
function hoursFrom(db: UsageDatabase['db']): number {
  const ts = db.prepare('SELECT json FROM state WHERE name = ?').get(HOURS_COVER_FROM_TS)?.['json'];
  return typeof ts === 'string' ? Number(ts) : -Infinity;
}

export const HOURS_COVER_FROM_TS = 'hours_cover_from_ts';
