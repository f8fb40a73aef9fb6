import { openClaudeLog } from '../sources/claude-log/open-claude-log.ts';
import { addTurns } from './backfill-source.ts';
import type { BackfillSource } from './backfill-source.ts';

/** Turns of the transcripts below some homes of Claude Code. */
export function backfillClaude(homes: readonly string[]): BackfillSource {
  return async (context) => {
    const read = openClaudeLog({ roots: homes }).tick({
      onProgress: ({ files, of, bytes }) =>
        context.progress(`${files}/${of} transcripts, ${Math.round(bytes / 2 ** 20)} MiB`),
    });
    const { files, lines, bytes, problems, rejections } = read;
    const kept = await addTurns(context, read.turns);
    const skipped = { 'refusals for a limit': rejections.length };
    return { source: 'claude-log', files, lines, bytes, skipped, problems, ...kept };
  };
}
