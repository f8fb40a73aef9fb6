import { parseUsage } from '@ccp/contracts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toOverview } from '../../rollups/overview.ts';
import { arbitrarySnapshot } from '../../testing/arbitrary-usage.ts';
import { snapshotOf, usageFixture, usageFixtures } from '../../testing/fixtures.ts';
import { cellsOf } from './cells.ts';
import type { Frame } from './frame.ts';
import { wholePct } from './numbers.ts';
import { previewLines } from './preview.ts';

const NOW_TS = 1_893_456_000;
const FRAME: Frame = { width: 80, nowTs: NOW_TS, tz: 'UTC', colour: false, shimUrl: 'http://127.0.0.1:8082' };
const WIDTHS = [40, 60, 80, 120, 200];
const ESC = '\u001B';

function draw(name: string, frame: Partial<Frame> = {}, state: 'live' | 'stale' = 'live'): string[] {
  const overview = toOverview(snapshotOf(usageFixture(name)), { state, nowTs: NOW_TS + 180 });
  return previewLines(overview, [], { ...FRAME, nowTs: NOW_TS + 180, ...frame });
}

describe('width', () => {
  test('no line of any usage is wider than the frame', () => {
    fc.assert(
      fc.property(
        arbitrarySnapshot,
        fc.oneof(fc.constantFrom(...WIDTHS), fc.integer({ min: 40, max: 250 })),
        (snapshot, width) => {
          expect(parseUsage(snapshot.usage).ok).toBe(true);
          const overview = toOverview(snapshot, { state: 'live', nowTs: NOW_TS });
          for (const line of previewLines(overview, [], { ...FRAME, width })) {
            expect(cellsOf(line)).toBeLessThanOrEqual(width);
            expect(line).not.toMatch(/\p{C}/u);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('every verdict and every percentage is there at every width', () => {
    fc.assert(
      fc.property(arbitrarySnapshot, fc.integer({ min: 40, max: 120 }), (snapshot, width) => {
        const overview = toOverview(snapshot, { state: 'live', nowTs: NOW_TS });
        const text = previewLines(overview, [], { ...FRAME, width }).join('\n');
        const marks = { ok: '● OK', warn: '▲ WARN', block: '■ BLOCK' };
        for (const { verdict, rolling, weekly } of overview.quotas) {
          expect(text).toContain(marks[verdict]);
          for (const { pct } of [rolling, weekly]) if (pct !== null) expect(text).toContain(` ${wholePct(pct)} `);
        }
      }),
      { numRuns: 200 },
    );
  });

  test.each([...usageFixtures.keys()].flatMap((name) => WIDTHS.map((width) => [name, width] as const)))(
    '%s at %d loses nothing to an ellipsis but the middle of a name',
    (name, width) => {
      for (const line of draw(name, { width })) {
        expect(cellsOf(line)).toBeLessThanOrEqual(width);
        expect(line.endsWith('…')).toBe(false);
      }
    },
  );
});

describe('colour', () => {
  test('only repeats what the text says', () => {
    const plain = draw('full');
    const colourful = draw('full', { colour: true });
    expect(plain.join('')).not.toContain(ESC);
    expect(colourful.join('')).toContain(ESC);
    // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
    expect(colourful.map((line) => line.replaceAll(/\u001B\[\d+m/g, '').trimEnd())).toEqual(plain);
  });

  test('a name with escape sequences cannot steer the terminal', () => {
    const usage = usageFixture('full');
    const [model] = Object.values(usage.models);
    const evil = snapshotOf({ ...usage, models: { 'a\u001B[2J\u202Eb': model! } });
    const text = previewLines(toOverview(evil, { state: 'live', nowTs: NOW_TS }), [], FRAME).join('\n');
    expect(text).toContain('a?[2J?b');
  });
});

describe('what is shown', () => {
  test('the worst verdict comes first, with the time at which the block clears', () => {
    const lines = draw('full');
    expect(lines[3]).toBe('  ■ BLOCK claude-haiku-4-5 (rolling)');
    expect(lines[4]).toMatch(/│.* 102% +204k\/200k {2}clears in 12m \(00:15\)$/);
  });

  test('what an older shim does not say is a dash, never a zero', () => {
    const line = draw('r35-two-models').find((one) => one.startsWith('  claude-haiku-4.5'));
    expect(line?.trim().split(/ +/)).toEqual(['claude-haiku-4.5', '112', '4.2k', '3.9k', '–', '–']);
  });

  test('a stale reading says so first, with its age', () => {
    expect(draw('full', {}, 'stale')[0]).toMatch(/^▲ STALE: read 2m 59s|^▲ STALE: read 3m/);
  });

  test.each([40, 80])('why a lane is unusable is told in full, with what to do, at %d', (width) => {
    const lanes = { zai: { provider: 'zai', usable: false, reason: 'missing_key: set ZAI_API_KEY' } };
    const overview = toOverview(snapshotOf({ ...usageFixture('full'), lanes }), { state: 'live', nowTs: NOW_TS });
    const lines = previewLines(overview, [], { ...FRAME, width });
    expect(lines.some((line) => /zai +■ missing_key |state ■ missing_key /.test(line))).toBe(true);
    expect(lines).toContain('  ■ zai: missing_key: set ZAI_API_KEY');
  });

  test('before the first request it says what to type', () => {
    expect(draw('fresh-start').join('\n')).toContain('    export ANTHROPIC_BASE_URL=http://127.0.0.1:8082');
  });

  test.each([40, 60, 80])('without a shim it says what to type, and the shell can join it at %d', (width) => {
    const lines = previewLines(null, [], { ...FRAME, width });
    const script = lines.join('\n').replaceAll('\\\n', '');
    expect(script).toContain('export ANTHROPIC_BASE_URL=http://127.0.0.1:8082');
    expect(script).toContain('shim serve');
    for (const line of lines) expect(cellsOf(line)).toBeLessThanOrEqual(width);
  });
});
