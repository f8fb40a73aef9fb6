// What is printed, and the evidence file.
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const EVIDENCE = 'artifacts/test_runs/e2e/latest.json';

export function totalsOf(results) {
  const count = (wanted) => results.filter(({ outcome }) => outcome === wanted).length;
  return { passed: count('ok'), failed: count('FAILED'), skipped: count('skipped') };
}

/** One line per case, as it ends. */
export function lineOf({ name, outcome, ms, reason }) {
  const took = outcome === 'skipped' ? '' : ` ${(ms / 1000).toFixed(1)} s`;
  return `${name.padEnd(52)} ${outcome.padEnd(7)}${took.padStart(8)}${reason === undefined ? '' : `  ${reason}`}`;
}

export function lastLine(totals) {
  return `${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`;
}

/** The raw figures behind the result: no credentials (not even their hashes), no folder of this machine. */
export function writeEvidence(results, facts) {
  const cases = results.map(({ seen, ...result }) => ({ ...result, ...(seen && { seen: shareable(seen) }) }));
  const text = JSON.stringify({ ...facts, totals: totalsOf(results), cases }, null, 1);
  const file = join(repository, EVIDENCE);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${withoutFolders(text)}\n`);
  return EVIDENCE;
}

function shareable({ books, completions, usage, client = null }) {
  const { models, lanes } = usage;
  return {
    books: books.map(({ credentials: _hashes, ...entry }) => entry),
    completions,
    usage: { models, lanes },
    client,
  };
}

function withoutFolders(text) {
  const inText = (folder) => JSON.stringify(folder).slice(1, -1);
  return text
    .replaceAll(repository, '')
    .replaceAll(new RegExp(`${escaped(inText(tmpdir()))}[\\\\/]+ccp-e2e-\\w+`, 'gu'), '<temp>')
    .replaceAll(inText(process.env.HOME ?? '\0'), '<home>');
}

function escaped(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);
}
