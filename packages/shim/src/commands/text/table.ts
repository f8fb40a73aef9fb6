import { cellsOf, clipEnd, clipMiddle, type Line, type Span } from './line.ts';
import { printable } from './printable.ts';

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => Span;
  /** A shorter wording of the same, taken before the column is left out. */
  readonly brief?: { readonly head: string; readonly cell: (row: Row) => Span };
  readonly align?: 'right';
  /** May be cut down to this many cells: names in the middle, for they often differ at their ends only. */
  readonly cut?: { readonly to: number; readonly at: 'middle' | 'end' };
  /** Where the room is short, the highest rank gets shorter and then goes first. 0 stays. */
  readonly rank: number;
}

/**
 * Rows under heads, one line per row at any width: names are cut, then column after column gets a shorter wording or is
 * left out, and the last line says which. No number is ever cut.
 */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): Line[] {
  let shown = columns;
  const left: string[] = [];
  for (;;) {
    const grid = toGrid(shown, rows, width);
    const next = grid.fits ? null : lessRoom(shown);
    if (next === null) {
      const note = `--json also has: ${left.toReversed().join(', ')}`;
      return [...grid.lines, ...(left.length === 0 ? [] : [[{ text: INDENT + note, tone: 'dim' } as const]])];
    }
    shown = next.columns;
    if (next.left !== null) left.push(next.left);
  }
}

const INDENT = '  ';
const GAP = 2;

interface Step<Row> {
  readonly columns: readonly Column<Row>[];
  readonly left: string | null;
}

/** The next smaller form of a table; null: there is none. */
function lessRoom<Row>(columns: readonly Column<Row>[]): Step<Row> | null {
  const last = columns
    .filter(({ brief, rank }) => brief !== undefined || rank > 0)
    .toSorted((a, b) => b.rank - a.rank)[0];
  if (last === undefined) return null;
  if (last.brief === undefined) return { columns: columns.filter((column) => column !== last), left: last.head };
  const { brief, ...rest } = last;
  return { columns: columns.map((column) => (column === last ? { ...rest, ...brief } : column)), left: null };
}

interface Grid {
  readonly lines: Line[];
  readonly fits: boolean;
}

function toGrid<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): Grid {
  const cells = rows.map((row) => columns.map((column) => clean(column.cell(row))));
  const natural = columns.map(({ head }, at) =>
    Math.max(cellsOf(head), ...cells.map((row) => cellsOf(row[at]?.text ?? ''))),
  );
  const room = width - INDENT.length - GAP * (columns.length - 1);
  const widths = squeezed(columns, natural, room);
  const heads = columns.map(({ head }): Span => ({ text: head, tone: 'dim' }));
  const lines = [heads, ...cells].map((row) =>
    row.flatMap((span, at): Span[] => {
      const cut = shortened(span.text, widths[at] ?? 0, columns[at]?.cut?.at);
      const fill = ' '.repeat(Math.max(0, (widths[at] ?? 0) - cellsOf(cut)));
      const before = at === 0 ? INDENT : ' '.repeat(GAP);
      return columns[at]?.align === 'right'
        ? [{ text: before + fill }, { ...span, text: cut }]
        : [{ text: before }, { ...span, text: cut }, { text: fill }];
    }),
  );
  return { lines, fits: widths.reduce((sum, one) => sum + one, 0) <= room };
}

/** Takes what is missing from the columns that may be cut, the widest first. */
function squeezed<Row>(columns: readonly Column<Row>[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  let missing = widths.reduce((sum, one) => sum + one, 0) - room;
  while (missing > 0) {
    const spare = columns.map(({ cut }, at) => Math.max(0, (widths[at] ?? 0) - (cut?.to ?? Infinity)));
    const widest = columns
      .map((_, at) => at)
      .filter((at) => (spare[at] ?? 0) > 0)
      .toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    missing -= 1;
  }
  return widths;
}

function shortened(text: string, cells: number, at: 'middle' | 'end' = 'end'): string {
  return at === 'middle' ? clipMiddle(text, cells) : clipEnd(text, cells);
}

function clean(span: Span): Span {
  return { ...span, text: printable(span.text) };
}
