import { printable } from '../../printable.ts';
import { blanksAfter, cellsOf, clipMiddle } from './cells.ts';
import type { Line, Span } from './line.ts';

export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => Span;
  readonly align?: 'right';
  /** Where a row has to be one line, the columns of the highest rank go first. Absent: it never goes. */
  readonly rank?: number;
}

/**
 * Rows under heads, in columns as wide as their content. The first column holds the name and gives way, down to 12
 * cells; what still does not fit is set as name and labelled values below, so that no number is ever cut.
 */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): Line[] {
  const cells = cellsIn(columns, rows);
  // Narrow gaps before cut names: the names are what tells the rows apart.
  const grid = gridFor(columns, cells, width, [
    { gap: 2, nameMin: Infinity },
    { gap: 1, nameMin: NAME_MIN },
  ]);
  return grid === null ? cells.flatMap((row) => stacked(columns, row, width)) : aligned(columns, cells, grid);
}

/** The same with every row on one line: a line that is too short loses columns, never part of a number. */
export function rankedTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): Line[] {
  const cells = cellsIn(columns, rows);
  const highest = Math.max(...columns.map(({ rank = 0 }) => rank));
  const wishes = [{ gap: 2, nameMin: NAME_WISH }, ...(highest > 0 ? [] : [{ gap: 1, nameMin: 1 }])];
  const grid = gridFor(columns, cells, width, wishes);
  if (grid !== null) return aligned(columns, cells, grid);
  const fewer = columns.filter(({ rank = 0 }) => rank < highest);
  return highest > 0 ? rankedTable(fewer, rows, width) : cells.flatMap((row) => stacked(columns, row, width));
}

const INDENT = 2;
const NAME_MIN = 12;
/** As long as most names of models are. */
const NAME_WISH = 17;

function cellsIn<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Span[][] {
  return rows.map((row) => columns.map((column) => clean(column.cell(row))));
}

interface Wish {
  readonly gap: number;
  readonly nameMin: number;
}

function gridFor<Row>(
  columns: readonly Column<Row>[],
  cells: readonly (readonly Span[])[],
  width: number,
  wishes: readonly Wish[],
): Grid | null {
  const natural = columns.map(({ head }, at) =>
    Math.max(cellsOf(head), ...cells.map((row) => cellsOf(textAt(row, at)))),
  );
  for (const { gap, nameMin } of wishes) {
    const widths = squeezed(natural, width - INDENT - gap * (columns.length - 1), nameMin);
    if (widths !== null) return { widths, gap };
  }
  return null;
}

function clean(span: Span): Span {
  return { ...span, text: printable(span.text) };
}

function textAt(row: readonly Span[], at: number): string {
  return row[at]?.text ?? '';
}

/** Widths that fit, with the first column narrowed to no less than `nameMin`; null: none do. */
function squeezed([name = 0, ...others]: readonly number[], room: number, nameMin: number): readonly number[] | null {
  const left = room - others.reduce((sum, one) => sum + one, 0);
  return left < Math.min(name, nameMin) ? null : [Math.min(name, left), ...others];
}

interface Grid {
  readonly widths: readonly number[];
  readonly gap: number;
}

function aligned<Row>(columns: readonly Column<Row>[], cells: readonly (readonly Span[])[], grid: Grid): Line[] {
  const heads = columns.map(({ head }): Span => ({ text: head, tone: 'dim' }));
  return [heads, ...cells].map((row) =>
    row.flatMap((span, at): Span[] => {
      const width = grid.widths[at] ?? 0;
      const text = clipMiddle(span.text, width);
      const fill = blanksAfter(text, width);
      const before = ' '.repeat(at === 0 ? INDENT : grid.gap);
      return columns[at]?.align === 'right'
        ? [{ text: before + fill }, { ...span, text }]
        : [{ text: before }, { ...span, text }, { text: fill }];
    }),
  );
}

function stacked<Row>(columns: readonly Column<Row>[], row: readonly Span[], width: number): Line[] {
  const [name = { text: '' }, ...values] = row;
  const lines: Span[][] = [[{ text: ' '.repeat(INDENT) }, { ...name, text: clipMiddle(name.text, width - INDENT) }]];
  let used = width;
  for (const [at, value] of values.entries()) {
    const label = `${columns[at + 1]?.head ?? ''} `;
    const needed = 2 + cellsOf(label) + cellsOf(value.text);
    if (used + needed > width) {
      lines.push([{ text: ' '.repeat(INDENT) }]);
      used = INDENT;
    }
    lines.at(-1)?.push({ text: `  ${label}`, tone: 'dim' }, value);
    used += needed;
  }
  return lines;
}
