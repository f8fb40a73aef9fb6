import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseClaudeUsage } from './claude-usage.ts';
import { parseCodexStatus } from './codex-status.ts';
import type { Look } from './pane.ts';

/*
 * Panes made from known figures, in every width: what is read is the truth, or nothing and a named problem.
 */

const WIDTHS = Array.from({ length: 171 }, (_, index) => 30 + index);
const RUNS = 6;
const LOOK: Look = { observedAt: '2030-10-14T17:00:00.000Z', timeZone: 'Europe/Berlin' };

const percent = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(0, 1, 9, 10, 11, 99, 100));
/** Minutes after the look. */
const within = (minutes: number): fc.Arbitrary<number> => fc.integer({ min: 1, max: minutes });

const noise = fc.record({
  ansi: fc.boolean(),
  ending: fc.constantFrom('\n', '\r\n'),
  overprint: fc.constantFrom('none', 'older', 'erased'),
  padded: fc.boolean(),
});
type Noise = typeof noise extends fc.Arbitrary<infer T> ? T : never;

const berlin = (ms: number, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat('en-US', { timeZone: 'Europe/Berlin', ...options }).format(ms);
const resetAt = (minutes: number): number => Date.parse(LOOK.observedAt) + minutes * 60_000;
const iso = (minutes: number): string => new Date(resetAt(minutes)).toISOString();

/** As a terminal that is too small breaks lines, wherever a word is. */
const broken = (lines: readonly string[], width: number): string[] =>
  lines.flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'gu')) ?? ['']);

/** At spaces where there are any. */
const wrapped = (lines: readonly string[], width: number): string[] =>
  lines.flatMap((line) => line.match(new RegExp(`(?=\\S|\\s)(?:.{1,${width}}(?=\\s|$)|.{1,${width}})`, 'gu')) ?? ['']);

function dirty(lines: readonly string[], width: number, { ansi, ending, overprint, padded }: Noise): string {
  const shown = lines.map((line, index) => {
    const wide = padded ? line.padEnd(width) : line.trimEnd();
    const coloured = ansi ? wide.replaceAll(/(\d+%|[█░▌]+|\()/g, '\u001b[38;5;45m$1\u001b[0m') : wide;
    if (overprint === 'none' || index % 3 === 1) return coloured;
    const older = wide.replaceAll(/\d/g, '7');
    return overprint === 'older' ? `${older}\r${coloured}` : `${older} and more\r\u001b[2K${coloured}\u001b[K`;
  });
  return shown.join(ending);
}

interface Truth {
  readonly pct: number;
  readonly resetsAt: string | null;
}
interface Seen {
  readonly pct: number | null;
  readonly reading: { readonly used_pp?: number | null; readonly resets_at?: string | null } | undefined;
  readonly problems: readonly { readonly code: string }[];
}

function expectTrueOrNamed({ pct, reading, problems }: Seen, truth: Truth): void {
  if (pct === null) {
    expect(reading).toBeUndefined();
    expect(problems.length).toBeGreaterThan(0);
    return;
  }
  expect(pct).toBe(truth.pct);
  expect(reading?.used_pp).toBe(truth.pct);
  if (reading?.resets_at !== null) expect(reading?.resets_at).toBe(truth.resetsAt);
}

const codex = fc.record({
  fiveh: percent,
  weekly: percent,
  word: fc.constantFrom('used', 'left'),
  fivehIn: within(299),
  weeklyIn: within(10_000),
  layout: fc.constantFrom('cut', 'broken', 'wrapped', 'inside'),
  top: fc.boolean(),
  asciiRight: fc.boolean(),
});
type Codex = typeof codex extends fc.Arbitrary<infer T> ? T : never;

function codexRows({ fiveh, weekly, word, fivehIn, weeklyIn }: Codex): (readonly [string, string])[] {
  const time = (minutes: number): string =>
    berlin(resetAt(minutes), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const date = `${berlin(resetAt(weeklyIn), { day: 'numeric' })} ${berlin(resetAt(weeklyIn), { month: 'short' })}`;
  const bar = (share: number): string => `[${'█'.repeat(Math.round(share / 5)).padEnd(20, '░')}]`;
  return [
    ['  >_ OpenAI Codex (v0.98.0)', ''],
    ['  Context window:   71% left (91.4K used / 272K)', ''],
    [`  5h limit:         ${bar(fiveh)} ${fiveh}% ${word}`, `(resets ${time(fivehIn)})`],
    [`  Weekly limit:     ${bar(weekly)} ${weekly}% ${word}`, `(resets ${time(weeklyIn)} on ${date})`],
  ];
}

function codexPane(pane: Codex, width: number): string[] {
  const rows = codexRows(pane);
  const whole = rows.map(([row, resets]) => `${row} ${resets}`.trimEnd());
  const framed = (lines: readonly string[], inner: number): string[] => [
    ...(pane.top ? [`╭${'─'.repeat(inner)}╮`] : []),
    ...lines.map((line, index) => `│${line.padEnd(inner).slice(0, inner)}${pane.asciiRight && index % 2 ? '|' : '│'}`),
    `╰${'─'.repeat(inner)}╯`,
  ];
  if (pane.layout === 'broken') return broken(framed(whole, 83), width);
  if (pane.layout === 'wrapped') return wrapped(whole, width);
  if (pane.layout === 'inside')
    return framed(
      broken(whole, width - 4).map((line) => ` ${line}`),
      width - 2,
    );
  // As Codex does it: what does not fit goes to a line of its own, and what does not fit then is cut.
  const lines = rows.flatMap(([row, resets]) =>
    `${row} ${resets}`.length <= width - 3
      ? [`${row} ${resets}`]
      : [row, ...(resets === '' ? [] : [`${' '.repeat(20)}${resets}`])],
  );
  return framed(
    lines.map((line) => `${line.slice(0, width - 3)} `),
    width - 2,
  );
}

const used = (pane: Codex, share: number): number => (pane.word === 'used' ? share : 100 - share);

test('Codex in every width', () => {
  let read = 0;
  for (const width of WIDTHS) {
    fc.assert(
      fc.property(codex, noise, (pane, around) => {
        const { parsed, readings, problems } = parseCodexStatus(dirty(codexPane(pane, width), width, around), LOOK);
        for (const [pct, minutes, truth] of [
          [parsed.fiveh_pct, 300, { pct: used(pane, pane.fiveh), resetsAt: iso(pane.fivehIn) }],
          [parsed.weekly_pct, 10_080, { pct: used(pane, pane.weekly), resetsAt: iso(pane.weeklyIn) }],
        ] as const) {
          const reading = readings.find(({ window_min: of }) => of === minutes);
          expectTrueOrNamed({ pct, reading, problems }, truth);
          // Only a cut loses figures; a break never does.
          if (pane.layout !== 'cut' || width >= 84)
            expect([pct, reading?.resets_at]).toEqual([truth.pct, truth.resetsAt]);
          read += pct === null ? 0 : 1;
        }
      }),
      { numRuns: RUNS },
    );
  }
  expect(read).toBeGreaterThan(WIDTHS.length * RUNS);
});

const claude = fc.record({
  session: percent,
  all: percent,
  opus: percent,
  sessionIn: within(299),
  allIn: within(10_000),
  label: fc.constantFrom(' (all models)', ''),
  layout: fc.constantFrom('wide', 'wide broken', 'narrow', 'narrow broken'),
});
type Claude = typeof claude extends fc.Arbitrary<infer T> ? T : never;

function claudePane({ layout, label, ...pane }: Claude, width: number): string[] {
  const time = (minutes: number): string =>
    berlin(resetAt(minutes), { hour: 'numeric', minute: '2-digit' }).replace(':00', '').replace(/\s/, '').toLowerCase();
  const day = berlin(resetAt(pane.allIn), { month: 'short', day: 'numeric' });
  const zone = '(Europe/Berlin)';
  const isNarrow = layout.startsWith('narrow');
  const columns = isNarrow ? Math.min(width - 2, 50) : 50;
  const bar = (share: number): string => '█'.repeat(Math.floor((share / 100) * columns));
  const section = (name: string, share: number, resets: string): string[] =>
    isNarrow
      ? [` ${name}${resets === '' ? '' : ` · Resets ${resets} ${zone}`}`, ` ${bar(share)}`, ` ${share}% used`, '']
      : [
          ` ${name}`,
          ` ${bar(share).padEnd(columns)} ${share}% used`,
          ...(resets === '' ? [] : [` Resets ${resets} ${zone}`]),
          '',
        ];
  const lines = [
    ' Settings:  Status   Config   Usage   (tab to cycle)',
    '',
    ...section('Current session', pane.session, time(pane.sessionIn)),
    ...section(`Current week${label}`, pane.all, `${day}, ${time(pane.allIn)}`),
    ...section('Current week (Opus)', pane.opus, ''),
    ' Esc to exit',
  ];
  if (layout === 'wide') return lines;
  return layout === 'narrow' ? wrapped(lines, width) : broken(lines, width);
}

test('Claude in every width', () => {
  for (const width of WIDTHS) {
    fc.assert(
      fc.property(claude, noise, (pane, around) => {
        const { parsed, readings, problems } = parseClaudeUsage(dirty(claudePane(pane, width), width, around), LOOK);
        for (const [pct, name, truth] of [
          [parsed.session_pct, 'Current session', { pct: pane.session, resetsAt: iso(pane.sessionIn) }],
          [parsed.all_models_pct, `Current week${pane.label}`, { pct: pane.all, resetsAt: iso(pane.allIn) }],
          [parsed.opus_pct, 'Current week (Opus)', { pct: pane.opus, resetsAt: null }],
        ] as const) {
          const reading = readings.find(({ meter }) => meter === name);
          expectTrueOrNamed({ pct, reading, problems }, truth);
          expect([pct, reading?.resets_at]).toEqual([truth.pct, truth.resetsAt]);
        }
      }),
      { numRuns: RUNS },
    );
  }
});

test('a pane broken once more says the same, or names a problem', () => {
  const width = fc.integer({ min: 30, max: 200 });
  fc.assert(
    fc.property(codex, width, width, (pane, first, second) => {
      const once = codexPane(pane, first);
      const [one, other] = [once, broken(once, second)].map((lines) => parseCodexStatus(lines.join('\n'), LOOK));
      if (other?.problems.length === 0) expect(other.parsed).toEqual(one?.parsed);
    }),
    { numRuns: 250 },
  );
  fc.assert(
    fc.property(claude, width, width, (pane, first, second) => {
      const once = claudePane(pane, first);
      const [one, other] = [once, broken(once, second)].map((lines) => parseClaudeUsage(lines.join('\n'), LOOK));
      if (other?.problems.length === 0) expect(other.parsed).toEqual(one?.parsed);
    }),
    { numRuns: 250 },
  );
});

test('a pane cut anywhere, in lines or in columns, gives no other figure', () => {
  fc.assert(
    fc.property(codex, fc.nat(90), fc.nat(6), (pane, columns, rows) => {
      const lines = codexPane({ ...pane, layout: 'cut' }, 100);
      const { parsed } = parseCodexStatus(
        lines
          .slice(rows)
          .map((line) => line.slice(0, columns))
          .join('\n'),
        LOOK,
      );
      expect([null, used(pane, pane.fiveh)]).toContain(parsed.fiveh_pct);
      expect([null, used(pane, pane.weekly)]).toContain(parsed.weekly_pct);
    }),
    { numRuns: 250 },
  );
  fc.assert(
    fc.property(claude, fc.nat(800), fc.nat(800), (pane, from, to) => {
      const text = claudePane({ ...pane, layout: 'wide' }, 100)
        .join('\n')
        .slice(0, to + 1);
      const { parsed } = parseClaudeUsage(text.slice(text.indexOf('\n', from) + 1), LOOK);
      expect([null, pane.session]).toContain(parsed.session_pct);
      expect([null, pane.all]).toContain(parsed.all_models_pct);
      expect([null, pane.opus]).toContain(parsed.opus_pct);
    }),
    { numRuns: 250 },
  );
});
