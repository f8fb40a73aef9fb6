import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';
import { systemErrorCode } from '../../problem.ts';
import type { Outcome, Problem } from '../../problem.ts';
import type { ModelPrice } from '../../rollups/cost/price-map.ts';

const require = createRequire(import.meta.url);

/** Needed to say where a fault is, and only then: loading it takes about 40 ms. */
function yaml(): typeof Yaml {
  return require('yaml') as typeof Yaml;
}

/** Prices of one's own, as a file has them. */
export interface OwnPrices {
  /** By model or pattern, in the order of the file. */
  readonly prices: readonly (readonly [pattern: string, price: ModelPrice])[];
  /** First eight characters of the SHA-256 of the file, in hex. */
  readonly id: string;
  /** What of the file says nothing to us although it looks like a price. */
  readonly notes: readonly Problem[];
}

/** Larger than any list of prices. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Ten thousand dollars for a million tokens: whoever wrote more meant another unit. */
const MOST_PER_TOKEN = 0.01;

/** The names a file may use for prices; the map of the field has many more, which are no prices of tokens. */
export interface PriceKeys {
  readonly known: ReadonlySet<string>;
}

/**
 * Reads a file of prices in the form of the field's usual map: `{"<model or pattern>": {"input_cost_per_token": 3e-6, …}}`,
 * also below a key `models`. Entries without any price of a token (of images, say) are passed over. The first fault is the
 * problem, with its line.
 */
export function readPrices(file: string, { known }: PriceKeys): Outcome<OwnPrices> {
  const text = textOf(file);
  if (!text.ok) return text;
  const root = jsonOf(text.value);
  if (root === undefined) return failed(file, 'is not JSON', faultLine(text.value));
  if (!isObject(root)) return failed(file, 'is no JSON object of models', 1);
  const [models, path]: [object, string[]] = isObject(root['models']) ? [root['models'], ['models']] : [root, []];
  const prices: (readonly [string, ModelPrice])[] = [];
  const unused = new Set<string>();
  for (const [model, entry] of Object.entries(models)) {
    if (!isObject(entry)) return failed(file, `${model} is no object of prices`, lineOf(text.value, [...path, model]));
    const named = Object.entries(entry).filter(([name]) => name.includes('_cost'));
    if (!named.some(([name]) => known.has(name))) continue;
    for (const [name, value] of named) {
      if (!known.has(name)) continue;
      const why = whyNoPrice(value);
      if (why !== null) return failed(file, `${model}: ${name} ${why}`, lineOf(text.value, [...path, model, name]));
    }
    const missing = ['input_cost_per_token', 'output_cost_per_token'].find((name) => entry[name] === undefined);
    if (missing !== undefined) return failed(file, `${model} has no ${missing}`, lineOf(text.value, [...path, model]));
    const strange = named.filter(([name]) => !known.has(name) && /_cost_per_token|_token_cost/.test(name));
    if (strange.length > 0) unused.add(strange.map(([name]) => name).join(', '));
    prices.push([model, Object.fromEntries(named.filter(([name]) => known.has(name))) as unknown as ModelPrice]);
  }
  if (prices.length === 0) return failed(file, 'names no price of any model', 1);
  const id = createHash('sha256').update(text.value).digest('hex').slice(0, 8);
  const notes = [...unused].map((names): Problem => ({
    code: 'unusable-config',
    file,
    message: `${file}: ${names} is no price the tracker knows; it is not used`,
  }));
  return { ok: true, value: { prices, id, notes } };
}

function whyNoPrice(value: unknown): string | null {
  if (typeof value !== 'number' || !(value >= 0)) return `is ${JSON.stringify(value)}, and a price is a number from 0`;
  if (value > MOST_PER_TOKEN) return `is ${value} US dollars for one token; 3 dollars for a million are 0.000003`;
  return null;
}

function textOf(file: string): Outcome<string> {
  try {
    if (statSync(file).size > MAX_BYTES) return failed(file, 'is larger than 32 MiB, and no list of prices is');
    return { ok: true, value: readFileSync(file, 'utf8') };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return failed(file, `cannot be read (${code})`);
  }
}

/** Undefined: not JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Where a text stops being JSON, as far as a reader of YAML, which JSON is a part of, can tell. */
function faultLine(text: string): number | undefined {
  const [fault] = yaml().parseDocument(text.slice(0, 1_000_000), { prettyErrors: true }).errors;
  return fault?.linePos?.[0].line;
}

/** The line of a key; looked for only once there is something to say about it. */
function lineOf(text: string, path: readonly string[]): number | undefined {
  const { LineCounter, parseDocument } = yaml();
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  const value: unknown = document.getIn(path, true);
  const range = isObject(value) ? value['range'] : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? lineCounter.linePos(range[0]).line : undefined;
}

function failed(file: string, what: string, line?: number): Outcome<never> {
  const place = line === undefined ? file : `${file}:${line}`;
  const remedy =
    'Write {"<model>": {"input_cost_per_token": 0.000003, "output_cost_per_token": 0.000015}}, or name another file: --prices FILE (TRACKER_PRICES)';
  const problem: Problem = {
    code: 'unusable-config',
    file,
    ...(line !== undefined && { line }),
    message: `${place}: ${what}`,
    remedy,
  };
  return { ok: false, problem };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
