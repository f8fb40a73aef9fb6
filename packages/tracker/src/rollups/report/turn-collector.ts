import type { Seeds } from '../../learned-lines/text-hasher.ts';
import { KNOWN, knownTurns, NEW } from '../summary/known-turns.ts';
import type { TurnFacts } from '../summary/turn-facts.ts';
import { rankOf } from './report-turn.ts';
import type { ReportTurn } from './report-turn.ts';

/** Takes turns as they are read, and keeps each exchange once. */
export interface TurnCollector {
  add(facts: TurnFacts): void;
  turns(): readonly ReportTurn[];
}

/**
 * The same turns as `distinctTurns` gives of rows, for a million of them: what is kept of each is small, and texts that
 * many have in common are kept once.
 */
export function turnCollector(seeds: Seeds): TurnCollector {
  const known = knownTurns(seeds);
  /** Null: another record took its place. */
  const turns: (ReportTurn | null)[] = [];
  const texts = new Map<string, string>();
  const shared = (text: string): string => {
    let own = texts.get(text);
    // A copy: one that was cut out of a block of a file would keep all of the block in memory.
    if (own === undefined) texts.set((own = JSON.parse(JSON.stringify(text)) as string), own);
    return own;
  };
  return {
    add(facts) {
      const met = known.meet(facts.id, rankOf(facts.source), turns.length, '');
      if (met === KNOWN) return;
      const turn: ReportTurn = {
        ts: facts.ts,
        sessionId: shared(facts.sessionId),
        model: shared(facts.model),
        input: facts.input,
        output: facts.output,
        cacheWrite: facts.cacheWrite,
        cacheWrite1h: facts.cacheWrite1h,
        cacheRead: facts.cacheRead,
        features: facts.measured?.features ?? null,
      };
      if (met !== NEW) turns[met] = null;
      turns.push(turn);
    },
    turns: () => turns.filter((turn) => turn !== null),
  };
}
