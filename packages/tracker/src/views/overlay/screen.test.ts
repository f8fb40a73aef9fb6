import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boardOf } from '../../rollups/board/board-of.ts';
import type { BoardFacts } from '../../rollups/board/board-of.ts';
import type { Board } from '../../rollups/board/board.ts';
import { arbitrarySnapshot } from '../../testing/arbitrary-usage.ts';
import { EMPTY_FACTS, fullFacts } from '../../testing/board-facts.ts';
import { snapshotOf, usageFixture, usageFixtures, usageWith } from '../../testing/fixtures.ts';
import { cellsOf } from '../text/cells.ts';
import { renderLine } from '../text/line.ts';
import type { Charset } from '../text/line.ts';
import { compact, milliseconds, rate, wholePct } from '../text/numbers.ts';
import { pageLines } from './page.ts';
import { PANELS } from './panel.ts';
import { FIRST_LOOK, screenLines } from './screen.ts';
import type { Look } from './screen.ts';

const URL_SHOWN = 'http://127.0.0.1:8082';
const WIDTHS = [40, 60, 80, 120, 200];
const ESC = '\u001B';

interface Drawn extends Partial<Look> {
  readonly width: number;
  readonly rows?: number;
  readonly colour?: boolean;
  readonly charset?: Charset;
}

function draw(board: Board, { width, rows = 24, colour = false, charset = 'unicode', ...look }: Drawn): string[] {
  const lines = screenLines(board, { ...FIRST_LOOK, ...look }, { width, rows }, URL_SHOWN);
  return lines.map((line) => renderLine(line, width, colour, charset));
}

function page(board: Board, width: number): string[] {
  return pageLines(board, width, URL_SHOWN).map((line) => renderLine(line, width, false));
}

const facts = (name: string, over: Partial<BoardFacts> = {}): BoardFacts =>
  fullFacts({ snapshot: snapshotOf(usageFixture(name)), ...over });
const full = boardOf(fullFacts());

describe('width and height', () => {
  test.each(WIDTHS)('at %d columns and 24 rows every panel is there, and no line is wider', (width) => {
    const lines = draw(full, { width });
    expect(lines).toHaveLength(24);
    for (const line of lines) expect(cellsOf(line)).toBeLessThanOrEqual(width);
    for (const title of ['1 Quotas', '2 Speeds', '3 Routing', '4 Windows', '5 Outcome']) {
      expect(lines.some((line) => line.includes(title))).toBe(true);
    }
    expect(lines[0]).toMatch(/^● LIVE {2}00:00:00 UTC/);
    expect(lines.join('\n')).toMatch(/■ HOLD {2}claude: start no window/);
  });

  test('any usage at any size, panel and charset: exactly as many lines as rows, none wider, nothing steering', () => {
    fc.assert(
      fc.property(
        arbitrarySnapshot,
        fc.oneof(fc.constantFrom(...WIDTHS), fc.integer({ min: 40, max: 250 })),
        fc.integer({ min: 5, max: 60 }),
        fc.record({ focus: fc.constantFrom(...PANELS), zoom: fc.boolean(), help: fc.boolean(), paused: fc.boolean() }),
        fc.constantFrom<Charset>('unicode', 'ascii'),
        (snapshot, width, rows, look, charset) => {
          const lines = draw(boardOf(fullFacts({ snapshot })), { width, rows, charset, ...look });
          expect(lines).toHaveLength(rows);
          for (const line of lines) {
            expect(cellsOf(line)).toBeLessThanOrEqual(width);
            expect(line).not.toMatch(charset === 'ascii' ? /[^\u0020-\u007E]/ : /\p{C}/u);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('the page leaves nothing out: every percentage and every lane at every width', () => {
    fc.assert(
      fc.property(arbitrarySnapshot, fc.integer({ min: 40, max: 160 }), (snapshot, width) => {
        const board = boardOf({ ...EMPTY_FACTS, snapshot, state: 'live' });
        const lines = page(board, width);
        const text = lines.join('\n');
        for (const line of lines) expect(cellsOf(line)).toBeLessThanOrEqual(width);
        for (const { rolling, weekly } of board.overview?.quotas ?? []) {
          for (const { pct } of [rolling, weekly]) if (pct !== null) expect(text).toContain(` ${wholePct(pct)}`);
        }
      }),
      { numRuns: 50 },
    );
  });

  test.each([...usageFixtures.keys()].flatMap((name) => WIDTHS.map((width) => [name, width] as const)))(
    'the page of %s at %d loses nothing to an ellipsis but the middle of a name or the end of a reason',
    (name, width) => {
      for (const line of page(boardOf({ ...facts(name), decisions: [] }), width)) {
        expect(cellsOf(line)).toBeLessThanOrEqual(width);
        expect(line.endsWith('…')).toBe(false);
      }
    },
  );

  test('columns stand below each other: bars begin and end in the same cells', () => {
    for (const width of [60, 80, 120]) {
      const bars = draw(full, { width }).filter((line) => /[█▓·╱]{4}/.test(line) && !/[▁-▇]/.test(line));
      expect(bars.length).toBeGreaterThanOrEqual(5);
      const ends = bars.map((line) => [line.search(/[█▓·╱│┆]/), line.search(/%/)].join());
      expect(new Set(ends).size).toBe(1);
    }
  });
});

describe('one source of numbers', () => {
  test('every figure of the picture is the one of the board', () => {
    const text = draw(full, { width: 120, rows: 40 }).join('\n');
    const printed = JSON.parse(JSON.stringify(full)) as Board;
    for (const bar of printed.meters) expect(text).toContain(` ${wholePct((bar.used_pp ?? NaN) / 100)} `);
    for (const speeds of printed.speeds) {
      const told = [speeds.elr_out_tps, speeds.dirty_out_tps].map(rate);
      const ttft = [speeds.ttft_p50_ms, speeds.ttft_p90_ms, speeds.ttft_p99_ms].map(milliseconds);
      expect(text).toMatch(new RegExp(`${speeds.model} +${[...told, ...ttft].join(' +')} `));
    }
    for (const { lane, requests, errors } of printed.routing.lanes) {
      expect(text).toMatch(new RegExp(`${lane} .* ${compact(requests)} +${compact(errors)} `));
    }
    const [claude] = printed.windows.providers;
    if (claude === undefined || claude.ci === null || claude.ci === 'unbounded') throw new Error('no interval');
    const { efficiency, ci, n, power } = claude;
    expect(text).toContain(efficiency?.toFixed(3));
    expect(text).toContain(`${ci.lo.toFixed(3)}–${ci.hi.toFixed(3)}`);
    expect(text).toMatch(new RegExp(` ${n} +\\d+ +${power?.toFixed(2)}`));
    expect(text).toContain(`quality ${printed.outcome.quality?.toFixed(2)}`);
    expect(text).toContain(`anomalies ${printed.outcome.anomalies_total}`);
  });

  test('the tick stands where an even use would, the reserve is the last tenth, resets come as clock and countdown', () => {
    const line = draw(full, { width: 120 }).find((one) => one.includes('claude  ') && one.includes('5h')) ?? '';
    const bar = /[█▓·╱│]{10,}/.exec(line)?.[0] ?? '';
    expect(bar.indexOf('│')).toBe(Math.floor(bar.length * ((full.meters[0]?.expected_pp ?? NaN) / 100)));
    expect(bar.replaceAll('│', '').match(/╱/g)).toHaveLength(bar.length - Math.round(bar.length * 0.9));
    expect(line).toMatch(/37% {2}fits +03:00 +2h 59m +H 10s$/);
  });
});

describe('states', () => {
  test('colour only repeats what the text says, and without it there is no escape sequence', () => {
    const plain = draw(full, { width: 80 });
    const colourful = draw(full, { width: 80, colour: true });
    expect(plain.join('')).not.toContain(ESC);
    expect(colourful.join('')).toContain(ESC);
    // eslint-disable-next-line no-control-regex -- escape sequences are what is looked for
    expect(colourful.map((line) => line.replaceAll(/\u001B\[\d+m/g, '').trimEnd())).toEqual(plain);
  });

  test('stale says so first with its age, and that the shim is to be started', () => {
    const board = boardOf(fullFacts({ state: 'stale', nowTs: Date.parse('2030-01-01T00:03:00Z') / 1000 }));
    const lines = draw(board, { width: 80 });
    expect(lines[0]).toMatch(/^▲ STALE {2}read 2m 59s ago/);
    expect(lines[1]).toContain('No shim answers at http://127.0.0.1:8082');
  });

  test.each([40, 60, 80])('without a shim it says what to type, and the shell can join it at %d', (width) => {
    for (const lines of [draw(boardOf(EMPTY_FACTS), { width }), page(boardOf(EMPTY_FACTS), width)]) {
      const script = lines.join('\n').replaceAll('\\\n', '');
      expect(script).toContain('export ANTHROPIC_BASE_URL=http://127.0.0.1:8082');
      expect(script).toContain('shim serve');
    }
  });

  test('no windows, no traffic, no license, an older shim: each says what to type next', () => {
    const text = (board: Board): string => draw(board, { width: 100, rows: 40 }).join('\n');
    expect(text(boardOf({ ...facts('full'), rows: EMPTY_FACTS.rows }))).toContain('tracker alias start claude');
    expect(
      text(boardOf({ ...EMPTY_FACTS, state: 'live', snapshot: snapshotOf({ ...usageWith(1), models: {} }) })),
    ).toContain('export ANTHROPIC_BASE_URL=http://127.0.0.1:8082');
    const lanes = { zai: { provider: 'zai', usable: false, reason: 'license_block: needs zai_offload' } };
    const usage = { ...usageFixture('full'), lanes, license: { ok: false } };
    expect(text(boardOf(fullFacts({ snapshot: snapshotOf(usage) })))).toContain('shim license status');
    const problems = [{ code: 'older-shim' as const, message: 'an older shim' }];
    expect(boardOf(fullFacts({ problems })).advice.hints[0]?.next).toContain('start');
  });

  test('what an older shim does not say is a dash, never a zero', () => {
    const lines = page(
      boardOf({ ...EMPTY_FACTS, snapshot: snapshotOf(usageFixture('r35-two-models')), state: 'live' }),
      80,
    );
    const line = lines.find((one) => /^ {2}claude-haiku-4.5 +112/.test(one));
    expect(line?.trim().split(/ +/)).toEqual(['claude-haiku-4.5', '112', '4.2k', '3.9k', '–', '–']);
  });

  test('a name with escape sequences cannot steer the terminal', () => {
    const usage = usageFixture('full');
    const [model] = Object.values(usage.models);
    const evil = snapshotOf({ ...usage, models: { 'a\u001B[2J\u202Eb': model! } });
    expect(draw(boardOf(fullFacts({ snapshot: evil })), { width: 80 }).join('\n')).toContain('a?[2J?b');
  });

  test.each([40, 80])('why a lane is unusable is told in full, with what to do, at %d', (width) => {
    const lanes = { zai: { provider: 'zai', usable: false, reason: 'missing_key: set ZAI_API_KEY' } };
    const board = boardOf(fullFacts({ snapshot: snapshotOf({ ...usageFixture('full'), lanes }) }));
    expect(page(board, width)).toContain('  ■ zai: missing_key: set ZAI_API_KEY');
  });
});
