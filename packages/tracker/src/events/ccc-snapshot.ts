import { isDeepStrictEqual } from 'node:util';
import { parseCccSnapshot } from '@ccp/contracts';
import type { CccSnapshot, ModelUsage, Usage } from '@ccp/contracts';
import type { UsageReading } from '../sources/shim/reading.ts';
import { VERSION } from '../version.ts';
import type { RowFamily } from './row-families.ts';

/** Rows of windows.jsonl that keep an answer of the shim. */
export const cccSnapshots: RowFamily<CccSnapshot> = { kind: 'ccc_snapshot', parse: parseCccSnapshot };

/** The row that keeps a reading. The answer stays whole: a later version may understand more of it. */
export function toCccSnapshot(reading: UsageReading): CccSnapshot {
  return {
    kind: 'ccc_snapshot',
    schema_version: '1.0.0',
    tool_version: VERSION,
    captured_at: new Date(reading.receivedTs * 1000).toISOString(),
    source_url: reading.sourceUrl,
    epoch: reading.usage.epoch ?? null,
    usage: reading.usage,
  };
}

/** Whether two answers tell the same, apart from what moves with the clock alone. */
export function isSameState(one: Usage, other: Usage): boolean {
  return isDeepStrictEqual(withoutClock(one), withoutClock(other));
}

function withoutClock({ ts: _ts, meters, models, ...rest }: Usage): object {
  return {
    ...rest,
    meters: meters?.map(({ age_s: _age, ...meter }) => meter),
    models: Object.entries(models)
      .map(([name, model]): [string, object] => [name, withoutCountdowns(model)])
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  };
}

function withoutCountdowns({ eta_rolling_sec: _rolling, eta_clear_sec: _clear, ...model }: ModelUsage): object {
  return model;
}
