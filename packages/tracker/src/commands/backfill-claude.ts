import { statSync } from 'node:fs';
import { openClaudeLog } from '../sources/claude-log/open-claude-log.ts';
import type { LogTurn } from '../sources/log-turn.ts';
import { addTurns } from './backfill-source.ts';
import type { BackfillSource } from './backfill-source.ts';

/**
 * An answer is written in lines, with the tokens so far, while it comes. A row of a journal is not corrected later, so the
 * newest answer of a transcript has to wait until nothing was written for as long as this.
 */
const QUIET_S = 300;

/** Turns of the transcripts below some homes of Claude Code. */
export function backfillClaude(homes: readonly string[]): BackfillSource {
  return async (context) => {
    const read = openClaudeLog({ roots: homes }).tick({
      onProgress: ({ files, of, bytes }) =>
        context.progress(`${files}/${of} transcripts, ${Math.round(bytes / 2 ** 20)} MiB`),
    });
    const { files, lines, bytes, problems, rejections } = read;
    const turns = settled(read.turns, Date.now() / 1000);
    const kept = await addTurns(context, turns);
    const skipped = {
      'refusals for a limit': rejections.length,
      'answers that may still be coming (run again in 5 minutes)': read.turns.length - turns.length,
    };
    return { source: 'claude-log', files, lines, bytes, skipped, problems, ...kept };
  };
}

/** Without the newest turn of each transcript that was written to a moment ago. */
function settled(turns: readonly LogTurn[], nowTs: number): readonly LogTurn[] {
  const newest = new Map<string, LogTurn>();
  for (const turn of turns) if (turn.ts >= (newest.get(turn.file)?.ts ?? -Infinity)) newest.set(turn.file, turn);
  const waiting = new Set<LogTurn>();
  for (const [file, turn] of newest) if (isBeingWritten(file, turn.ts, nowTs)) waiting.add(turn);
  return turns.filter((turn) => !waiting.has(turn));
}

/** A copy of an old transcript is a new file, but its answers are old. */
function isBeingWritten(file: string, ts: number, nowTs: number): boolean {
  if (Math.abs(nowTs - ts) > LONGEST_ANSWER_S) return false;
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && nowTs - stat.mtimeMs / 1000 < QUIET_S;
}

const LONGEST_ANSWER_S = 3600;
