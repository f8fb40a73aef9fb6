import { openCodexLog } from '../sources/codex-log/open-codex-log.ts';
import { addReadings, addTurns } from './backfill-source.ts';
import type { BackfillSource } from './backfill-source.ts';

/** Turns and limits of the rollouts below some homes of Codex. */
export function backfillCodex(homes: readonly string[]): BackfillSource {
  return async (context) => {
    const read = openCodexLog({ roots: homes }).tick({
      onProgress: ({ files, of, bytes }) =>
        context.progress(`${files}/${of} rollouts, ${Math.round(bytes / 2 ** 20)} MiB`),
    });
    const { files, lines, bytes, problems } = read;
    const turns = await addTurns(context, read.turns);
    const readings = await addReadings(context, turns.failure === null ? read.readings : []);
    const skipped = { 'copies of another session': read.copies, 'counts that went back': read.backwards };
    const failure = turns.failure ?? readings.failure;
    return { source: 'codex-log', files, lines, bytes, skipped, problems, ...turns, ...readings, failure };
  };
}
