import { schemas } from '@ccp/contracts';
import type { Turn } from '@ccp/contracts';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryRow } from '../testing/arbitrary-rows.ts';
import { sampleAt } from '../testing/samples.ts';
import { rowFamilies } from './row-families.ts';
import { turnOfSample } from './turn-event.ts';
import { isOwnTurn } from './turn-guard.ts';

const HEADER = { schema_version: '1.0.0', tool_version: '0.1.0' };
/** The contract's own verdict: rows that say no version never take the short way. */
const followsContract = (row: object): boolean => {
  const { tool_version: _version, ...rest } = row as { tool_version?: unknown };
  return rowFamilies.turn.parse(rest).ok;
};
const own = { ...turnOfSample(sampleAt(1), 1_893_456_002), ...HEADER };

/** Wrong in every field of every contract: no field may be one or the other of these two. */
const ODDITIES = [{ odd: [] }, [1]];
const FIELDS = (['event', 'turn', 'decision'] as const).flatMap((name) =>
  Object.keys((schemas[name] as { properties: object }).properties).map((field): [typeof name, string] => [
    name,
    field,
  ]),
);

test('a turn of the shim takes the short way', () => {
  expect(isOwnTurn(own)).toBe(true);
  expect(followsContract(own)).toBe(true);
});

test.each(FIELDS)('a wrong value in %s.%s is noticed, also in fields a later contract adds', (part, field) => {
  const letIn = ODDITIES.filter((odd) => {
    const [turn, decision] = [{ ...own.turn }, { ...own.decision }];
    const row = { ...own, turn, decision };
    Object.assign(part === 'event' ? row : part === 'turn' ? turn : decision, { [field]: odd });
    // The versions are only asked for by the short way.
    return isOwnTurn(row) && (!followsContract(row) || field.endsWith('_version'));
  });
  expect(letIn).toEqual([]);
});

test.each(['turn_id', 'session_id', 'model', 'subagent', 'tokens_in', 'tokens_out', 'input_kind', 'latency_ms'])(
  'a turn without %s is noticed',
  (field) => {
    const turn: Partial<Turn> = { ...own.turn };
    delete turn[field as keyof Turn];
    expect(isOwnTurn({ ...own, turn })).toBe(false);
  },
);

const value = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', 'x', -1, 0, 0.5, 1, 1.5, 2 ** 53, Number.POSITIVE_INFINITY, Number.NaN, -0),
  fc.constantFrom<unknown>(
    '2030-02-28T00:00:00Z',
    '2030-02-29T00:00:00Z',
    '2030-04-31T00:00:00Z',
    '2030-13-01T00:00:00Z',
  ),
  fc.constantFrom<unknown>(
    '2030-01-01T24:00:00Z',
    '2030-01-01T00:00:60Z',
    '2030-01-01',
    '20300101T000000Z',
    [],
    {},
    { a: 'b' },
  ),
  fc.dictionary(fc.string({ maxLength: 2 }), fc.oneof(fc.double(), fc.constant('x')), { maxKeys: 2 }),
);
const changes = fc.array(fc.tuple(fc.constantFrom(...FIELDS), fc.option(value, { nil: undefined })), { maxLength: 3 });

/** Parts the short way leaves to the contract. */
const LEFT_OUT = ['session', 'measurement', 'feature', 'cost', 'value'];

test('the short way and the contract never disagree about a row that is let in', () => {
  let short = 0;
  const row = fc.oneof(
    arbitraryRow('turn').map((turn) => ({ ...turn, ...HEADER })),
    fc.constant(own),
  );
  fc.assert(
    fc.property(row, changes, (before, changed) => {
      const after: Record<string, unknown> = structuredClone({ ...before });
      for (const [[part, field], to] of changed) {
        const target = part === 'event' ? after : (after[part] as object | undefined);
        if (typeof target === 'object' && target !== null) Object.assign(target, { [field]: to });
      }
      if (isOwnTurn(after)) {
        short += 1;
        expect(followsContract(after)).toBe(true);
      } else if (LEFT_OUT.every((part) => after[part] === undefined) && isPlain(after)) {
        expect(followsContract({ ...after })).toBe(false);
      }
    }),
    { numRuns: 3000 },
  );
  expect(short).toBeGreaterThan(300);
});

/** Rows of our kind and versions whose times are written as we write them. */
function isPlain(row: Record<string, unknown>): boolean {
  const times = [row['captured_at'], row['ended_at']];
  return (
    row['kind'] === 'turn' &&
    typeof row['schema_version'] === 'string' &&
    typeof row['tool_version'] === 'string' &&
    times.every(
      (time) =>
        time === undefined ||
        (typeof time === 'string' &&
          /^\d{4}-(0[1-9]|1[0-2])-([01]\d|2[0-8])T.*\dZ$/.test(time) &&
          !/:60(\.|Z)/.test(time)),
    )
  );
}
