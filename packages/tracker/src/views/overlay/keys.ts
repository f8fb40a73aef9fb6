import { blanksAfter, cellsOf } from '../text/cells.ts';
import type { Line, Span } from '../text/line.ts';
import { wrapWords } from '../text/line.ts';
import type { Look } from './screen.ts';

const KEYS = [
  ['1–5', 'panel'],
  ['tab', 'next'],
  ['z', 'zoom'],
  ['p', 'pause'],
  ['?', 'help'],
  ['q', 'quit'],
] as const;

/** What the keys do, on the last line; from the right, whether the picture stands still or is scrolled. */
export function footLine(look: Look, scroll: { from: number; to: number; of: number } | null, width: number): Line {
  const keys: readonly (readonly [string, string])[] = look.help
    ? [
        ['?', 'back'],
        ['q', 'quit'],
      ]
    : look.zoom
      ? [
          ['z', 'all panels'],
          ['tab', 'next'],
          ['↑↓', 'scroll'],
          ['p', look.paused ? 'go on' : 'pause'],
          ['q', 'quit'],
        ]
      : KEYS.map(([key, word]) => [key, key === 'p' && look.paused ? 'go on' : word] as const);
  const state: Span = look.paused
    ? { text: '■ PAUSED', tone: 'warn' }
    : { text: scroll === null ? '' : `${scroll.from}–${scroll.to} of ${scroll.of}`, tone: 'dim' };
  const words = keys.map(([key, word]) => `${key} ${word}`).join('  ');
  const short = keys.map(([key]) => key).join(' ');
  const room = width - cellsOf(state.text) - (state.text === '' ? 0 : 2);
  const text = cellsOf(words) <= room ? words : cellsOf(short) <= room ? short : '';
  return [{ text, tone: 'dim' }, { text: blanksAfter(text, width - cellsOf(state.text)) }, state];
}

const HELP: readonly (readonly [string, string])[] = [
  ['1–5', 'put a panel in focus; once more: zoom into it'],
  ['tab', 'the next panel; shift-tab the one before'],
  ['z, enter', 'the panel in focus alone, with everything it knows'],
  ['↑ ↓ j k', 'scroll while zoomed'],
  ['p, space', 'hold the picture still, or go on'],
  ['r', 'read now'],
  ['ctrl-z', 'suspend; fg comes back'],
  ['q', 'quit'],
];

const SIGNS: readonly (readonly [string, string])[] = [
  ['● ▲ ■', 'fits; inside the buffer or warned; full, blocked or unusable'],
  ['○', 'not known, or too few windows to say'],
  ['█ ▓', 'used; used of the last 10 percentage points'],
  ['· ╱', 'free; the reserve of 10 percentage points'],
  ['│', 'where an even use of the window would stand now'],
  ['┆', 'where a cap of yours begins to warn'],
  ['H S Q C', 'read from header, statusline, get_usage, cache; P pane,'],
  ['', 'A app-server, E event, G GLM, R rollout, O override, ~ estimate'],
  ['elr dirty', 'output tokens per streaming and per wall-clock second'],
  ['p50 p99', 'time to first token; +3 beside a title: lines without room'],
];

/** What keys and signs mean. */
export function helpLines(width: number): readonly Line[] {
  return [...section('Keys', HELP, width), ...section('Signs', SIGNS, width)];
}

function section(title: string, rows: readonly (readonly [string, string])[], width: number): Line[] {
  const lines = rows.flatMap(([key, words]) => {
    const [first = [], ...more] = wrapWords(words, width - 12);
    return [
      [{ text: `  ${key}${blanksAfter(key, 10)}`, tone: 'bold' as const }, ...first],
      ...more.map((line): Line => [{ text: ' '.repeat(12) }, ...line]),
    ];
  });
  return [[{ text: title, tone: 'bold' }], ...lines];
}
