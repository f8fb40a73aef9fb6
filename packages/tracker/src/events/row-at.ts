import type { Outcome } from '../problem.ts';
import { readBlock } from './lines.ts';
import { withFile } from './open-file.ts';
import { readLine } from './read-line.ts';
import type { JournalFile } from './read-rows.ts';
import type { JournalRow } from './row-families.ts';

const LINE_FEED = 0x0a;
/** Nearly every row is shorter. */
const FIRST_BYTES = 4096;

/** The row whose line starts at `offset`; null: there is none any more. */
export function rowAt<Row = JournalRow>(file: JournalFile, offset: number): Outcome<Row | null> {
  const found = withFile<Row | null>(file.path, (fd) => {
    for (let bytes = FIRST_BYTES; ; bytes *= 8) {
      const block = readBlock(fd, offset, offset + bytes);
      const end = block.indexOf(LINE_FEED);
      if (end === -1 && block.length === bytes) continue;
      const line = readLine<Row>(end === -1 ? block : block.subarray(0, end), file.layout);
      return { ok: true, value: line.ok ? line.value.row : null };
    }
  });
  return found ?? { ok: true, value: null };
}
