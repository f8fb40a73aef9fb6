import type { PricedTokens } from '../cost/cost-of.ts';
import type { Seeds } from '../../learned-lines/text-hasher.ts';
import { KNOWN, knownTurns, NEW } from '../summary/known-turns.ts';
import { HASH_WORD, numbersAt, sourcesOf } from '../summary/packed-turns.ts';
import type { PackedTurns } from '../summary/packed-turns.ts';
import type { TurnFacts } from '../summary/turn-facts.ts';
import { rankOf } from './report-turn.ts';
import type { ReportTurn } from './report-turn.ts';

/** Takes turns as they are read, and keeps each exchange once. */
export interface TurnCollector {
  add(facts: TurnFacts): void;
  /** Turns whose ids were hashed with the seeds of the collector: the same as `add` of each of them. */
  addAll(turns: PackedTurns): void;
  /** Makes room for so many more at once. */
  reserve(count: number): void;
  turns(): readonly ReportTurn[];
}

/**
 * The same turns as `distinctTurns` gives of rows, for a million of them: what is kept of each is small, and texts that
 * many have in common are kept once.
 */
export function turnCollector(seeds: Seeds): TurnCollector {
  const known = knownTurns(seeds);
  /** Null: another record of the exchange counts. */
  const turns: (ReportTurn | null)[] = [];
  const texts = new Map<string, string>();
  const shared = (text: string): string => {
    let own = texts.get(text);
    // A copy: one that was cut out of a block of a file would keep all of the block in memory.
    if (own === undefined) texts.set((own = JSON.parse(JSON.stringify(text)) as string), own);
    return own;
  };
  /** Field by field: objects that are put together otherwise take several times the memory. */
  const keep = (
    tokens: PricedTokens,
    { ts, sessionId, model, features }: Omit<ReportTurn, keyof PricedTokens>,
  ): void => {
    turns.push({
      ts,
      sessionId: shared(sessionId),
      model: shared(model),
      input: tokens.input,
      output: tokens.output,
      cacheWrite: tokens.cacheWrite,
      cacheWrite1h: tokens.cacheWrite1h,
      cacheRead: tokens.cacheRead,
      features,
    });
  };
  /** Turns of one session follow each other. */
  const session = { high: -1, low: -1, text: '' };
  const sessionAt = (packed: PackedTurns, cell: number): string => {
    const [low = 0, high = 0] = [packed.words[cell + HASH_WORD], packed.words[cell + HASH_WORD + 1]];
    if (session.low !== low || session.high !== high) Object.assign(session, { high, low, text: packed.textAt(cell) });
    return session.text;
  };
  return {
    add(facts) {
      const met = known.meet(facts.id, rankOf(facts.source), turns.length, '');
      if (met === KNOWN) return;
      if (met !== NEW) turns[met] = null;
      const { ts, sessionId, model, measured } = facts;
      keep(facts, { ts, sessionId, model, features: measured?.features ?? null });
    },
    addAll(packed) {
      const from = turns.length;
      const { first, stride, cells } = packed;
      const met = known.meetAll(packed, sourcesOf(packed).rank, (row) => from + row);
      for (const [row, before] of met.entries()) {
        if (before >= 0) turns[before] = null;
        if (before === KNOWN) {
          turns.push(null);
          continue;
        }
        const at = first + row * stride;
        const tokens = numbersAt(packed, row);
        const sessionId = sessionAt(packed, at + cells.session);
        keep(tokens, { ts: tokens.ts, sessionId, model: packed.textAt(at + cells.model), features: null });
      }
    },
    reserve: (count) => known.reserve(count),
    turns: () => turns.filter((turn) => turn !== null),
  };
}
