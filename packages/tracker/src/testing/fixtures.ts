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
