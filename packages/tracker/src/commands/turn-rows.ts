import { getRandomValues } from 'node:crypto';
import { layoutOf } from '../events/journal-files.ts';
import { readyToRead } from '../events/learner.ts';
import { tailRows } from '../events/tail-rows.ts';
import type { Problem } from '../problem.ts';
import type { ReportTurn } from '../rollups/report/report-turn.ts';
import { turnCollector } from '../rollups/report/turn-collector.ts';
import { factsOf } from '../rollups/summary/turn-facts.ts';
import type { Book } from './book-options.ts';

/** Every turn once, and what of the journal could not be used. */
export async function turnRows(
  book: Book,
): Promise<{ readonly turns: readonly ReportTurn[]; readonly problems: readonly Problem[] }> {
  const [first = 0, second = 0] = getRandomValues(new Uint32Array(2));
  let collector = turnCollector([first, second]);
  let problems: Problem[] = [];
  const file = { path: book.pathOf('windows.jsonl'), layout: layoutOf('windows.jsonl') };
  await readyToRead(file.path);
  const read = tailRows(file, null, () => {
    collector = turnCollector([first, second]);
    problems = [];
    return {
      seeds: [first, second],
      expect: (turns) => collector.reserve(turns),
      turns: (turns) => collector.addAll(turns),
      row(row) {
        const facts = row.kind === 'turn' ? factsOf(row) : null;
        if (facts !== null) collector.add(facts);
      },
      problem: (problem) => void problems.push(problem),
    };
  });
  return { turns: collector.turns(), problems: read.ok ? problems : [...problems, read.problem] };
}
