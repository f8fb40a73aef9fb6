/** Lines kept around a change. */
const CONTEXT = 3;

interface Step {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** Hunks of a unified diff between two lists of lines; empty: they are equal. */
export function unifiedHunks(before: readonly string[], after: readonly string[]): string[] {
  const steps = stepsOf(before, after);
  const changed = steps.flatMap(({ mark }, at) => (mark === ' ' ? [] : [at]));
  const spans: { from: number; to: number }[] = [];
  for (const at of changed) {
    const last = spans.at(-1);
    const from = Math.max(0, at - CONTEXT);
    const to = Math.min(steps.length, at + CONTEXT + 1);
    if (last !== undefined && from <= last.to) last.to = to;
    else spans.push({ from, to });
  }
  return spans.flatMap(({ from, to }) => hunk(steps, from, to));
}

function hunk(steps: readonly Step[], from: number, to: number): string[] {
  const shown = steps.slice(from, to);
  const count = (part: readonly Step[], other: '-' | '+'): number => part.filter(({ mark }) => mark !== other).length;
  const side = (other: '-' | '+'): string => {
    const lines = count(shown, other);
    const first = count(steps.slice(0, from), other) + (lines === 0 ? 0 : 1);
    return lines === 1 ? String(first) : `${first},${lines}`;
  };
  return [`@@ -${side('+')} +${side('-')} @@`, ...shown.map(({ mark, text }) => mark + text)];
}

/** The fewest removed and added lines, by the longest common subsequence. Config files are short. */
function stepsOf(before: readonly string[], after: readonly string[]): Step[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  const [rows, columns] = [before.slice(head), after.slice(head)];
  const common = commonLengths(rows, columns);
  const steps = before.slice(0, head).map((text): Step => ({ mark: ' ', text }));
  let [row, column] = [0, 0];
  while (row < rows.length || column < columns.length) {
    const [left, right] = [rows[row], columns[column]];
    if (left !== undefined && left === right) {
      steps.push({ mark: ' ', text: left });
      row += 1;
      column += 1;
    } else if (
      left !== undefined &&
      (right === undefined || at(common, row + 1, column) >= at(common, row, column + 1))
    ) {
      steps.push({ mark: '-', text: left });
      row += 1;
    } else {
      steps.push({ mark: '+', text: right ?? '' });
      column += 1;
    }
  }
  return steps;
}

/** Length of the longest common subsequence of the rests that begin at each pair of lines. */
function commonLengths(rows: readonly string[], columns: readonly string[]): readonly (readonly number[])[] {
  const lengths: number[][] = Array.from({ length: rows.length + 1 }, () => Array<number>(columns.length + 1).fill(0));
  for (let row = rows.length - 1; row >= 0; row -= 1) {
    for (let column = columns.length - 1; column >= 0; column -= 1) {
      const line = lengths[row];
      if (line === undefined) continue;
      line[column] =
        rows[row] === columns[column]
          ? at(lengths, row + 1, column + 1) + 1
          : Math.max(at(lengths, row + 1, column), at(lengths, row, column + 1));
    }
  }
  return lengths;
}

function at(lengths: readonly (readonly number[])[], row: number, column: number): number {
  return lengths[row]?.[column] ?? 0;
}
