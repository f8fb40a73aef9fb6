import { readTranscripts } from '../sources/claude-log/read-transcripts.ts';
import { addTurns } from './backfill-source.ts';
import type { BackfillSource } from './backfill-source.ts';

/** Turns of the transcripts below some homes of Claude Code. */
export function backfillClaude(homes: readonly string[]): BackfillSource {
  return async (context) => {
    const read = readTranscripts(homes, {
      onProgress: ({ files, of }) => context.progress(`${files}/${of} transcripts`),
    });
    const { files, lines, bytes, problems } = read;
    const kept = await addTurns(context, read.turns);
    return { source: 'claude-log', files, lines, bytes, skipped: {}, problems, ...kept };
  };
}
