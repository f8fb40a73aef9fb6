const KIND_FIRST = '{"kind":"';
const CLOSING_BRACE = 0x7d;

/**
 * Whether a line is a whole row of a kind that is not asked for, as far as its two ends tell. Between two readings of the
 * shim stand thousands of turns, which need not be parsed to find the readings. Rows that take back are always asked for.
 */
export function isOfOtherKind(line: Buffer, wanted: ReadonlySet<string>): boolean {
  if (line[line.length - 1] !== CLOSING_BRACE || !beginsWithKind(line)) return false;
  const end = line.indexOf('"', KIND_FIRST.length);
  const kind = line.toString('latin1', KIND_FIRST.length, end);
  return kind !== 'tombstone' && !wanted.has(kind);
}

/** Whether a line begins as our own writer begins one. */
export function beginsWithKind(line: Buffer): boolean {
  return line.toString('latin1', 0, KIND_FIRST.length) === KIND_FIRST;
}
