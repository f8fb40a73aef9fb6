import { chmodSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { npmPeer } from '../variants/npm-peer.mjs';

const ROOT = resolve(import.meta.dirname, '..', '..');
const CCUSAGE = '20.0.24';
const CCUSAGE_JS = '18.0.11';

/**
 * A program that reads one kind of logs. `sums` takes its token sums from what it printed; null: it tells none that can be
 * compared.
 *
 * @typedef {object} Reader
 * @property {string} name
 * @property {string} label
 * @property {(lab: Lab) => Promise<Command>} command
 * @property {((stdout: string) => import('./transcripts.mjs').Sums) | null} sums
 *
 * @typedef {{ home: string, usage: string, scratch: string, cache: string }} Lab
 * @typedef {{ args: readonly string[], env?: Readonly<Record<string, string>> }} Command
 */

const node = (...args) => ({ args: [process.execPath, ...args] });
const shell = (text) => ({ args: ['bash', '-c', text] });
const script = (name) => join(import.meta.dirname, name);
const quoted = (path) => `'${path.replaceAll("'", "'\\''")}'`;
/** Every file to one process: through `cat` and a pipe it would mostly wait for its turn on a busy machine. */
const withAll = (folder, program) => `find ${quoted(folder)} -name '*.jsonl' -print0 | xargs -0 -s 1900000 ${program}`;
const countLines = (folder) =>
  shell(`find ${quoted(folder)} -name '*.jsonl' -print0 | wc -l --files0-from=- | tail -1`);
const ccusageSums = (stdout) => {
  const { totals } = JSON.parse(stdout);
  const { inputTokens, outputTokens, cacheCreationTokens, cacheReadTokens } = totals;
  return { input: inputTokens, output: outputTokens, cacheWrite: cacheCreationTokens, cacheRead: cacheReadTokens };
};
const homeOf = ({ home, scratch }) => ({
  CLAUDE_CONFIG_DIR: home,
  HOME: scratch,
  XDG_CONFIG_HOME: scratch,
  LOG_LEVEL: '0',
});

/** @type {readonly Reader[]} */
export const TRANSCRIPT_READERS = [
  {
    name: 'tracker',
    label: 'the tracker’s reader',
    command: async ({ home }) => node(script('read-transcripts.mjs'), home),
    sums: (stdout) => JSON.parse(stdout).sums,
  },
  {
    name: 'backfill',
    label: 'tracker backfill --dry-run',
    command: async ({ home, scratch }) =>
      node(
        join(ROOT, 'packages/tracker/dist/main.js'),
        ...['backfill', '--claude-home', home, '--dry-run', '--json', '--data-dir', join(scratch, 'data')],
      ),
    sums: null,
  },
  {
    name: 'ccusage',
    label: `ccusage ${CCUSAGE}, native`,
    command: async (lab) => {
      await npmPeer(lab.cache, 'ccusage', CCUSAGE);
      const platform = `@ccusage/ccusage-${process.platform}-${process.arch}`;
      const file = join(await npmPeer(lab.cache, platform, CCUSAGE), 'bin', 'ccusage');
      chmodSync(file, 0o755);
      return { args: [file, 'claude', 'daily', '--json', '--offline'], env: homeOf(lab) };
    },
    sums: ccusageSums,
  },
  {
    name: 'ccusage-js',
    label: `ccusage ${CCUSAGE_JS}, JavaScript`,
    command: async (lab) => {
      const folder = await npmPeer(lab.cache, 'ccusage', CCUSAGE_JS);
      return { ...node(join(folder, 'dist/index.js'), 'daily', '--json', '--offline'), env: homeOf(lab) };
    },
    sums: ccusageSums,
  },
  {
    name: 'jq',
    label: 'jq, adding up what has a usage',
    command: async ({ home }) =>
      shell(
        withAll(
          home,
          `jq -n 'reduce (inputs | .message.usage? // empty) as $u ([0,0]; [.[0] + $u.input_tokens, .[1] + $u.output_tokens])'`,
        ),
      ),
    sums: null,
  },
  { name: 'wc', label: 'wc -l', command: async ({ home }) => countLines(home), sums: null },
];

/** @type {readonly Reader[]} */
export const USAGE_READERS = [
  {
    name: 'tracker',
    label: 'the tracker’s archive reader',
    command: async ({ usage }) => node(script('read-usage.mjs'), usage),
    sums: (stdout) => JSON.parse(stdout).sums,
  },
  {
    name: 'jq',
    label: 'jq, adding up completions',
    command: async ({ usage }) =>
      shell(
        withAll(
          usage,
          `jq -nc 'reduce (inputs | select(.event == "completion")) as $u ([0,0,0,0]; [.[0] + $u.input_tokens, .[1] + $u.output_tokens, .[2] + $u.cache_write_tokens, .[3] + $u.cache_read_tokens])'`,
        ),
      ),
    sums: (stdout) => {
      const [input, output, cacheWrite, cacheRead] = JSON.parse(stdout);
      return { input, output, cacheWrite, cacheRead };
    },
  },
  { name: 'wc', label: 'wc -l', command: async ({ usage }) => countLines(usage), sums: null },
];

/** Ticks of the tracker's reader once it has read everything. */
export const warmCommand = ({ home }) => node(script('read-transcripts.mjs'), home, '--warm');
