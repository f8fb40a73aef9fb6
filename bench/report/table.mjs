/** Aligned text: the first column to the left, the others to the right, the last as it is. */
export function table(head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const last = head.length - 1;
  return all.map((row) => {
    const cells = row.map((text, column) => {
      if (column === 0) return text.padEnd(widths[0]);
      return column === last ? text : text.padStart(widths[column]);
    });
    return `  ${cells.join('  ')}`.trimEnd();
  });
}
