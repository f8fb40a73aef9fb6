import type { Sight } from './pane.ts';

/** The lines from the last one that opens a pane; all of them when none does. */
export function fromLast(lines: readonly string[], opens: RegExp, sight: Sight): readonly string[] {
  const starts = lines.flatMap((line, index) => (opens.test(line) ? [index] : []));
  if (starts.length > 1) noteTrimmed(sight);
  return lines.slice(starts.at(-1) ?? 0);
}

/** Says that earlier panes of the same text were passed over. */
export function noteTrimmed(sight: Sight): void {
  sight.note({ code: 'multi-pane-trimmed', message: 'the text holds several panes; the last one is read' });
}
