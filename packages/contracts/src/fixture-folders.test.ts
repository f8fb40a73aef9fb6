import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FIXTURES = join(ROOT, 'fixtures');
const readme = readFileSync(join(FIXTURES, 'README.md'), 'utf8');
const rows = readme
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

function folders(...parts: string[]): string[] {
  return readdirSync(join(FIXTURES, ...parts), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => [...parts, name].join('/'));
}

it('every folder of fixtures is named, and no other', () => {
  // The contracts have one more level, for their version.
  const present = folders().flatMap((top) =>
    top === 'contracts' ? folders(top).flatMap((version) => folders(top, version.split('/')[1]!)) : folders(top),
  );
  expect(rows.map(([, folder]) => folder).toSorted()).toEqual(present.map((folder) => `\`${folder}/\``).toSorted());
});

it.each(rows.map((cells) => [cells[1]!, cells] as const))(
  '%s says what, origin, readers and a rule',
  (_name, cells) => {
    expect(cells.slice(2, -1)).toHaveLength(4);
    expect(cells.slice(2, -1).filter((cell) => cell.length < 8)).toEqual([]);
    for (const [, link] of cells.join(' ').matchAll(/\]\(([^)]+)\)/gu)) {
      expect([link, existsSync(join(FIXTURES, link!))]).toEqual([link, true]);
    }
  },
);

it('shim and tracker both read the documents they meet at', () => {
  for (const file of [
    'packages/shim/src/contract-fixtures.test.ts',
    'packages/tracker/src/sources/shim/contract-fixtures.test.ts',
  ]) {
    expect(readFileSync(join(ROOT, file), 'utf8')).toContain('fixtures/contracts/v1/');
  }
});
