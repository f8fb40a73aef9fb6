import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

it('of 5,000 mutated packs none is accepted', { timeout: 60_000 }, () => {
  const tsx = pathToFileURL(createRequire(`${ROOT}package.json`).resolve('tsx')).href;
  const args = ['--conditions=source', '--import', tsx, `${ROOT}scripts/license-fuzz.mjs`, '--count', '5000'];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: ROOT });
  expect(stderr).toBe('');
  const report = JSON.parse(stdout) as { made: Record<string, number>; denials: Record<string, number> };
  expect(report).toMatchObject({ mutants: 5000, accepted: 0, first_accepted: [] });
  // Every way of mutating came up, and many came as far as the signature.
  expect(Math.min(...Object.values(report.made))).toBeGreaterThan(100);
  expect(report.denials['bad_signature']).toBeGreaterThan(1000);
  expect(status).toBe(0);
});
