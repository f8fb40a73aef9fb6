import type { Recorded } from '../observation.ts';
import { printable } from '../printable.ts';
import { problemLine } from '../problem.ts';
import type { Outcome } from '../problem.ts';
import { countdown } from '../views/text/numbers.ts';

/**
 * What a watcher says besides the rows: each change of state once. A shim that is down all night is one line, not one
 * line per tick.
 */
export function watchLog(clock: () => number): (recorded: Outcome<Recorded>) => string[] {
  let down: { readonly code: string; readonly sinceTs: number } | null = null;
  let isFirst = true;
  const told = new Set<string>();
  const once = (line: string): string[] => {
    if (told.has(line)) return [];
    told.add(line);
    return [line];
  };
  return (recorded) => {
    if (!recorded.ok) {
      const { problem } = recorded;
      if (down?.code === problem.code) return [];
      down = { code: problem.code, sinceTs: down?.sinceTs ?? clock() };
      return [`down: ${problemLine(problem)}. Still watching`];
    }
    const lines: string[] = [];
    if (down !== null) lines.push(`up: it works again after ${countdown(clock() - down.sinceTs)}`);
    lines.push(
      ...restartLine(recorded.value),
      ...recorded.value.notes.flatMap((note) => once(`note: ${problemLine(note)}`)),
    );
    if (isFirst && !recorded.value.appended) lines.push('up: nothing new since the newest row');
    down = null;
    isFirst = false;
    return lines;
  };
}

function restartLine({ row, previous, appended }: Recorded): string[] {
  if (!appended || previous === null || previous.epoch === row.epoch) return [];
  return [
    printable(
      `restarted: counters ${previous.epoch ?? 'without a name'} → ${row.epoch ?? 'without a name'}; they began again`,
    ),
  ];
}
