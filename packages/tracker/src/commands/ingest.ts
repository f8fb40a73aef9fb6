import { Option } from 'commander';
import type { Command } from 'commander';
import type { NewRow } from '../events/book.ts';
import { paneParsers } from '../sources/panes/pane-parsers.ts';
import type { PaneReading } from '../sources/panes/pane.ts';
import { bookOf, withBookOptions } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { inputText, withInput } from './input-text.ts';
import type { InputOptions } from './input-text.ts';
import { localZone } from './option-values.ts';
import { note, refuse, say, sayJson } from './told.ts';

type Source = keyof typeof paneParsers;

interface Options extends BookOptions, InputOptions {
  readonly window?: string;
  readonly phase?: 'before' | 'after';
  readonly scope?: 'session' | 'daily' | 'weekly';
  readonly notes: string;
  readonly json?: true;
}

const SNAPSHOTS: ReadonlySet<string> = new Set(['codex', 'claude']);
const REPORTS = {
  'codex-ccusage': 'codex_ccusage',
  'claude-monitor': 'claude_monitor',
  'proxy-telemetry': 'proxy_telemetry',
} as const;

/** `tracker ingest`: what another program printed becomes rows. */
export function addIngest(program: Command, done: (code: number) => void): void {
  const names = Object.keys(paneParsers);
  const command = program
    .command('ingest <source>')
    .description(`store what another program printed: ${names.join(', ')}`)
    .option('--window <id>', 'window it belongs to; needed for codex, claude and glm')
    .addOption(new Option('--phase <phase>', 'which end of the window').choices(['before', 'after']))
    .addOption(new Option('--scope <scope>', 'what a report of ccusage covers').choices(['session', 'daily', 'weekly']))
    .option('--notes <text>', 'free words', '')
    .option('--json', 'print what was read and written');
  withBookOptions(withInput(command)).action(async (name: string, options: Options) => {
    if (!isSource(name)) return command.error(`error: ${name} is no source; use one of ${names.join(', ')}`);
    const needsWindow = SNAPSHOTS.has(name) || name === 'glm';
    if (needsWindow && options.window === undefined) command.error(`error: ingest of ${name} requires --window`);
    if (SNAPSHOTS.has(name) && options.phase === undefined)
      command.error('error: codex/claude ingest requires --phase before or after');
    done(await ingest(name, options));
  });
}

async function ingest(source: Source, options: Options): Promise<number> {
  const text = inputText(options);
  if (!text.ok) return refuse(text.problem);
  const capturedAt = new Date().toISOString();
  const { scope } = options;
  const read: PaneReading = paneParsers[source](text.value, {
    observedAt: capturedAt,
    timeZone: localZone(),
    ...(scope !== undefined && { scope }),
  });
  const row = rowOf(source, { text: text.value, capturedAt, options, read });
  const readings = read.readings.map((reading) => ({ ...reading, kind: 'meter_reading' as const }));
  // A text nothing could be read of is kept where a window waits for it, so that a person can look at it again.
  if (row === null && readings.length === 0) {
    const [first, ...rest] = read.problems;
    note(rest);
    return first === undefined ? EXIT.noData : refuse(first);
  }
  const book = bookOf(options);
  const added = await book.appendMany([...(row === null ? [] : [row]), ...readings]);
  if (!added.ok) return refuse(added.problem);
  note([...read.problems, ...added.value.notes]);
  if (options.json) sayJson({ row, readings: read.readings, parsed: read.parsed });
  else say(storedLine(source, options, read));
  const isEmpty = read.readings.length === 0 && read.problems.length > 0;
  return isEmpty && !hasFigures(read) ? EXIT.failure : EXIT.ok;
}

interface Ingested {
  readonly text: string;
  readonly capturedAt: string;
  readonly options: Options;
  readonly read: PaneReading;
}

/** Null: the source has readings only. */
function rowOf(source: Source, { text, capturedAt, options, read }: Ingested): NewRow | null {
  const { window = '', phase, scope, notes } = options;
  const common = {
    window,
    captured_at: capturedAt,
    notes,
    raw_text: text,
    parsed: { ...read.parsed },
    source: 'ingest',
  };
  if (source === 'codex' || source === 'claude')
    return { ...common, kind: 'snapshot', provider: source, phase: phase ?? 'before' };
  if (source === 'glm')
    return { ...common, kind: 'glm_count', provider: 'glm', prompts_used: figure(read, 'prompts_used') };
  if (!isReport(source)) return null;
  return { ...common, kind: REPORTS[source], provider: source, ...(scope !== undefined && { scope }) };
}

function storedLine(source: Source, { window = '–', phase, scope }: Options, read: PaneReading): string {
  const shown = (name: string, unit = ''): string => {
    const value = figure(read, name);
    return value === null ? 'n/a' : `${value}${unit}`;
  };
  switch (source) {
    case 'codex':
    case 'claude':
      return `stored ${source} ${phase ?? ''} snapshot for ${window} (errors=[${read.parsed.errors.join(', ')}])`;
    case 'glm':
      return `stored glm prompts for ${window} (prompts=${shown('prompts_used')})`;
    case 'codex-ccusage':
      return `stored codex ccusage ${scope ?? 'session'} summary for ${window} (tokens=${shown('total_tokens')})`;
    case 'claude-monitor':
      return `stored claude monitor summary for ${window} (usage=${shown('token_usage_pct', '%')})`;
    case 'proxy-telemetry':
      return `stored proxy telemetry for ${window} (events=${shown('total')}, routed=${shown('routed_to_glm_pct', '%')})`;
    default:
      return `stored ${read.readings.length} readings of ${source}`;
  }
}

function figure({ parsed }: PaneReading, name: string): number | null {
  const value = (parsed as unknown as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'number' ? value : null;
}

/** A count of nothing, such as of sessions in a torn report, is no figure. */
function hasFigures({ parsed }: PaneReading): boolean {
  return Object.values(parsed).some((value) => typeof value === 'number' && value !== 0);
}

function isSource(name: string): name is Source {
  return Object.hasOwn(paneParsers, name);
}

function isReport(source: Source): source is keyof typeof REPORTS {
  return Object.hasOwn(REPORTS, source);
}
