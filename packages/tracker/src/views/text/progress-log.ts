import { nameShown } from '../../printable.ts';
import type { Period, Progress } from '../../rollups/summary/progress-of.ts';
import { ABSENT, compact } from './numbers.ts';

/** The file progress.log.md: what was done by day and by week, for people. The same progress gives the same bytes. */
export function progressLog(progress: Progress): string {
  const { tz, priceMap, days, weeks, timelessTurns: timeless } = progress;
  const lines = [
    '# Progress',
    '',
    `${ZONE_FOLLOWS}${tz}, newest first. Dollars are list prices of ${priceMap}; a plus says that some turns have no price.`,
    '`tracker poll` keeps this file up to date; `tracker verify` computes it again from the journals.',
    '',
    '## Days',
    '',
    ...tableOf('day', days, dayShown),
    '',
    '## Weeks',
    '',
    ...tableOf('week', weeks, ({ key }) => key),
    ...(timeless === 0 ? [] : ['', `${timeless} turns do not say when they ended and are in no day.`]),
  ];
  return `${lines.join('\n')}\n`;
}

const ZONE_FOLLOWS = 'Days and weeks of ';

/** The zone a progress log names; null: it names none. */
export function zoneOfProgressLog(text: string): string | null {
  const line = text.split('\n', 10).find((one) => one.startsWith(ZONE_FOLLOWS));
  return line === undefined ? null : (/^\S+(?=,)/.exec(line.slice(ZONE_FOLLOWS.length))?.[0] ?? null);
}

interface Column {
  readonly head: string;
  readonly cell: (period: Period) => string;
  readonly align?: 'right';
}

const SUMS: readonly Column[] = [
  { head: 'turns', cell: ({ turns }) => compact(turns), align: 'right' },
  { head: 'in', cell: ({ input }) => compact(input), align: 'right' },
  { head: 'out', cell: ({ output }) => compact(output), align: 'right' },
  { head: 'cache write', cell: ({ cacheWrite }) => compact(cacheWrite), align: 'right' },
  { head: 'cache read', cell: ({ cacheRead }) => compact(cacheRead), align: 'right' },
  { head: 'usd', cell: usd, align: 'right' },
  { head: 'features', cell: ({ features }) => (features === null ? ABSENT : String(features)), align: 'right' },
  { head: 'models', cell: models },
  { head: 'windows', cell: windows },
];

function tableOf(head: string, periods: readonly Period[], key: (period: Period) => string): string[] {
  if (periods.length === 0) return ['Nothing yet.'];
  const columns: readonly Column[] = [{ head, cell: key }, ...SUMS];
  const rows = periods.map((period) => columns.map(({ cell }) => cell(period)));
  const widths = columns.map((column, at) =>
    Math.max(3, ...[column.head, ...rows.map((row) => row[at] ?? '')].map(cells)),
  );
  const line = (texts: readonly string[]): string =>
    `| ${texts.map((text, at) => padded(text, widths[at] ?? 0, columns[at]?.align)).join(' | ')} |`;
  const rule = columns.map(({ align }, at) =>
    align === 'right' ? `${'-'.repeat((widths[at] ?? 3) - 1)}:` : '-'.repeat(widths[at] ?? 3),
  );
  return [line(columns.map((column) => column.head)), line(rule), ...rows.map(line)];
}

function padded(text: string, width: number, align?: 'right'): string {
  const space = ' '.repeat(Math.max(0, width - cells(text)));
  return align === 'right' ? space + text : text + space;
}

function cells(text: string): number {
  return Array.from(text).length;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

function dayShown({ key }: Period): string {
  return `${key} ${WEEKDAYS[new Date(`${key}T00:00:00Z`).getUTCDay()] ?? ''}`;
}

/** `unpriced`, never 0; with a plus where some turns are in no dollar of it. */
function usd({ usd: dollars, unpricedTurns: unpriced, turns }: Period): string {
  if (turns === 0) return ABSENT;
  return dollars === null ? 'unpriced' : `${dollars.toFixed(2)}${unpriced > 0 ? '+' : ''}`;
}

const MOST_MODELS = 3;

function models({ models: names }: Period): string {
  const more = names.length - MOST_MODELS;
  return [...names.slice(0, MOST_MODELS).map(named), ...(more > 0 ? [`and ${more} more`] : [])].join(', ') || ABSENT;
}

function windows({ windows: finished }: Period): string {
  const words = finished.map(({ window, outcome, features }) => {
    const counts = Object.entries(features)
      .filter(([, count]) => count > 0)
      .map(([provider, count]) => `${named(provider)} ${count}`);
    return `${named(window)} ${named(outcome ?? 'unknown')}${counts.length === 0 ? '' : ` (${counts.join(', ')})`}`;
  });
  return words.join('; ') || ABSENT;
}

/** Safe in a table of Markdown. */
function named(name: string): string {
  return nameShown(name).replaceAll(/[\\|`<>[\]*_]/g, '\\$&');
}
