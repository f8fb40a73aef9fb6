import type { Command } from 'commander';
import type { BufferStatus } from '../rollups/estimators/buffer.ts';
import { standings, worstStatus } from '../rollups/standing.ts';
import type { MeterStanding } from '../rollups/standing.ts';
import { standingLines } from '../views/text/standing.ts';
import { bookOf, collect, withBookOptions } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { amount, percentagePoints } from './option-values.ts';
import { note, say, sayJson } from './told.ts';

interface Options extends BookOptions {
  readonly need?: number;
  readonly reserve: number;
  readonly provider?: string;
  readonly maxAge: number;
  readonly json?: true;
}

const CODES: Readonly<Record<BufferStatus, number>> = {
  ok: EXIT.ok,
  'inside-buffer': EXIT.near,
  'at-limit': EXIT.atLimit,
  indeterminate: EXIT.indeterminate,
  'no-data': EXIT.noData,
};

/** `tracker guard`: may the next window start? For scripts: the exit code is the answer. */
export function addGuard(program: Command, done: (code: number) => void): void {
  const command = program
    .command('guard')
    .description(
      'say whether the next window fits below the buffer: exit 0 yes, 10 inside it, 11 full, 20 unsure, 30 no data',
    )
    .option(
      '--need <pp>',
      'percentage points the window needs, such as 6pp (default: from earlier windows)',
      percentagePoints,
    )
    .option('--reserve <pp>', 'percentage points kept free', percentagePoints, 10)
    .option('--provider <name>', 'meters of this provider only: claude, codex, glm')
    .option('--max-age <minutes>', 'older readings do not count', amount, 360)
    .option('--json', 'print verdicts and what they rest on');
  withBookOptions(command).action((options: Options) => done(guard(options)));
}

function guard(options: Options): number {
  const book = bookOf(options);
  const nowTs = Date.now() / 1000;
  const freshMs = nowTs * 1000 - options.maxAge * 60_000;
  const readings = collect(
    book,
    'readings.jsonl',
    ['meter_reading'],
    (row) =>
      (options.provider === undefined || row.provider === options.provider) && Date.parse(row.observed_at) >= freshMs,
  );
  const records = collect(book, 'windows.jsonl', ['window']);
  note([...readings.problems, ...records.problems]);
  const all = standings({
    readings: readings.rows,
    records: records.rows,
    nowTs,
    reservePp: options.reserve,
    ...(options.need !== undefined && { needPp: options.need }),
  });
  const status = all.length === 0 ? 'no-data' : worstStatus(all);
  print(status, all, options);
  return CODES[status];
}

function print(status: BufferStatus, all: readonly MeterStanding[], { json, provider, maxAge }: Options): void {
  if (json) return sayJson({ status, exit_code: CODES[status], meters: all });
  if (all.length === 0) {
    const whose = provider === undefined ? 'any meter' : `a meter of ${provider}`;
    return say(
      `no data: no reading of ${whose} within ${maxAge} minutes. tracker poll --once, or tracker ingest, takes one`,
    );
  }
  for (const line of standingLines(all)) say(line);
  say(`guard: ${status}`);
}
