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
  // One line per case: readable in a diff, and a fifth of the size of indented text.
  const head = JSON.stringify({ ...facts, totals: totalsOf(results) }).slice(0, -1);
  const text = `${head},"cases":[\n${cases.map((one) => JSON.stringify(one)).join(',\n')}\n]}`;
  const file = join(repository, EVIDENCE);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${withoutFolders(text)}\n`);
  return EVIDENCE;
}

function shareable({ books, completions, usage, client = null }) {
  const models = Object.entries(usage.models).map(([model, { tokens, events }]) => [model, { tokens, events }]);
  return {
    books: books.map(({ credentials: _hashes, header_names: _names, ...entry }) => entry),
    completions,
    usage: { lanes: usage.lanes, models: Object.fromEntries(models) },
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
