import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SCENARIOS } from './scenarios.mjs';
import { VARIANTS } from './variants/index.mjs';

const HELP = `Usage: node bench/run.mjs [options]      (pnpm bench builds first)

Measures the shim beside no proxy, nginx, a bare Node relay, Portkey's gateway and claude-code-router, all in one
interleaved run on loopback, and prints the ratios and the targets.

  --rounds <n>       rounds; every variant runs once in each (default 5)
  --windows <n>      measure every variant so many times in each round, in turns, in windows as much shorter (default 1)
  --quick            2 rounds and shorter windows: a look, not evidence
  --fresh            new processes in each round: two runs of one build differ by up to a tenth, for as long as they live
  --only <list>      scenarios, comma-separated: ${SCENARIOS.map(({ name }) => name).join(', ')}
  --variants <list>  variants, comma-separated: ${VARIANTS.map(({ name }) => name).join(', ')}
  --shim <main.js>   measure this build of the shim (default packages/shim/dist/main.js)
  --baseline <main.js>  measure another build beside it, as the variant "baseline"
  --out <folder>     where raw output goes (default artifacts/bench)
  --json             print the raw result as JSON instead of tables
  --help             this text

Environment: CCP_BENCH_CACHE  folder where peers are installed by npm (default ~/.cache/ccp-bench)
             CCP_BENCH_NGINX  path of nginx (default: the usual places)`;

/** A wrong command line; its message is one line for the user. */
export class UsageError extends Error {}

/**
 * @param {readonly string[]} argv arguments after the script's name
 * @returns {Options | null} null when only the help text was asked for (it has been printed)
 *
 * @typedef {object} Options
 * @property {number} rounds
 * @property {number} windows
 * @property {boolean} quick
 * @property {boolean} fresh
 * @property {string[]} scenarios
 * @property {string[]} variants
 * @property {string} shim
 * @property {string | null} baseline
 * @property {string} out
 * @property {boolean} json
 * @property {string} cache
 */
export function readOptions(argv) {
  const root = resolve(import.meta.dirname, '..');
  const { values } = parse(argv);
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    return null;
  }
  const quick = values.quick === true;
  const rounds = count('--rounds', values.rounds ?? (quick ? '2' : '5'), 50);
  const windows = count('--windows', values.windows ?? '1', 20);
  const variants = pick(values.variants, '--variants', VARIANTS);
  // Every figure is relative to the upstream without a proxy.
  if (!variants.includes('direct')) variants.unshift('direct');
  return {
    rounds,
    windows,
    quick,
    fresh: values.fresh === true,
    scenarios: pick(values.only, '--only', SCENARIOS),
    variants: variants.filter((name) => name !== 'baseline' || values.baseline !== undefined),
    shim: resolve(values.shim ?? join(root, 'packages/shim/dist/main.js')),
    baseline: values.baseline === undefined ? null : resolve(values.baseline),
    out: resolve(values.out ?? join(root, 'artifacts/bench')),
    json: values.json === true,
    cache: resolve(process.env.CCP_BENCH_CACHE ?? join(homedir(), '.cache', 'ccp-bench')),
  };
}

function parse(argv) {
  const text = { type: 'string' };
  const flag = { type: 'boolean' };
  try {
    return parseArgs({
      args: [...argv],
      options: {
        rounds: text,
        windows: text,
        quick: flag,
        fresh: flag,
        only: text,
        variants: text,
        shim: text,
        baseline: text,
        out: text,
        json: flag,
        help: flag,
      },
    });
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message);
  }
}

function count(flag, text, most) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new UsageError(`${flag} must be a whole number from 1 to ${most}`);
  return value;
}

/** Names the user chose, in the order of `known`. */
function pick(list, flag, known) {
  const names = known.map(({ name }) => name);
  if (list === undefined) return names;
  const wanted = list.split(',').map((item) => item.trim());
  const unknown = wanted.find((item) => !names.includes(item));
  if (unknown !== undefined) throw new UsageError(`${flag}: "${unknown}" is not one of ${names.join(', ')}`);
  return names.filter((name) => wanted.includes(name));
}
