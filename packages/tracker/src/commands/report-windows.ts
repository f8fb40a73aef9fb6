import { bought } from '../rollups/bought.ts';
import { boughtLines } from '../views/text/bought.ts';
import { bookOf } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { note, say, sayJson } from './told.ts';
import { turnRows } from './turn-rows.ts';
import { windowRows } from './window-rows.ts';

export interface WindowReportOptions extends BookOptions {
  /** Confidence of the intervals, above 0 and below 1. */
  readonly level: number;
  readonly json?: true;
}

/** What finished windows bought per provider, with intervals. */
export async function reportWindows(options: WindowReportOptions): Promise<number> {
  const book = bookOf(options);
  const { rows, problems } = windowRows(book);
  const { turns, problems: turnProblems } = await turnRows(book);
  note([...problems, ...turnProblems]);
  const all = bought({ ...rows, turns }, options.level);
  if (options.json) sayJson({ level: options.level, providers: all });
  else if (all.length === 0) say('no windows recorded. tracker window finalize writes the first one');
  else for (const line of boughtLines(all)) say(line);
  return all.length === 0 ? EXIT.noData : EXIT.ok;
}
