import { readdirSync, readFileSync } from 'node:fs';
import { parseUsage } from '@ccp/contracts';
import type { CccSnapshot, Usage } from '@ccp/contracts';

const FOLDER = new URL('../../../../fixtures/contracts/v1/valid/usage/', import.meta.url);

/** The valid usage documents both programs are tested against, by name. */
export const usageFixtures: ReadonlyMap<string, Usage> = new Map(
  readdirSync(FOLDER).map((file): [string, Usage] => {
    const parsed = parseUsage(JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')));
    if (!parsed.ok) throw new Error(`${file} is no valid usage document`);
    return [file.replace('.json', ''), parsed.value];
  }),
);

export function usageFixture(name: string): Usage {
  const usage = usageFixtures.get(name);
  if (usage === undefined) throw new Error(`no usage fixture is called ${name}`);
  return usage;
}

export function snapshotOf(usage: Usage): CccSnapshot {
  return {
    kind: 'ccc_snapshot',
    captured_at: '2030-01-01T00:00:00.250Z',
    source_url: 'http://127.0.0.1:8082/v1/usage',
    epoch: usage.epoch ?? null,
    usage,
  };
}

/** A usage document with one model, in which `reqs` tells answers apart. */
export function usageWith(reqs: number, epoch = 'c0ffee01'): Usage {
  return {
    usage_schema: 'v1',
    ts: 1_893_456_000 + reqs,
    epoch,
    models: {
      'claude-sonnet-4-5': {
        provider: 'anthropic',
        rolling_in: 1000 * reqs,
        rolling_out: 100 * reqs,
        rolling_pct: 0.42,
        weekly_pct: 0,
        reqs,
        warn: false,
        block: false,
        speeds: {
          rolling: {
            out_elr_tps: 40,
            out_dirty_tps: 30,
            in_elr_tps: 1,
            in_dirty_tps: 1,
            total_elr_tps: 41,
            total_dirty_tps: 31,
          },
        },
      },
    },
  };
}
