import type { TrackerEvent } from '@ccp/contracts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryRow } from '../../testing/arbitrary-rows.ts';
import { factsOf } from '../summary/turn-facts.ts';
import { distinctTurns } from './report-turn.ts';
import { turnCollector } from './turn-collector.ts';

test('keeps the turns that a map of all rows keeps', () => {
  const rows = fc
    .tuple(arbitraryRow('turn'), fc.constantFrom(null, 'a', 'b', 'c'), fc.constantFrom('shim', 'backfill', 'api', 'x'))
    .map(([row, id, source]): TrackerEvent => ({ ...row, source, turn: { ...row.turn, request_id: id } }));
  const byAll = (turns: readonly object[]): string[] => turns.map((turn) => JSON.stringify(turn)).toSorted();
  fc.assert(
    fc.property(fc.array(rows, { maxLength: 12 }), (events) => {
      const collector = turnCollector([1, 2]);
      for (const event of events) {
        const facts = factsOf(event);
        if (facts !== null) collector.add(facts);
      }
      expect(byAll(collector.turns())).toEqual(byAll(distinctTurns(events)));
    }),
    { numRuns: 50 },
  );
});
