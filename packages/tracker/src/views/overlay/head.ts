import { printable } from '../../printable.ts';
import type { Advice } from '../../rollups/advice/advise.ts';
import type { Board } from '../../rollups/board/board.ts';
import { cellsOf } from '../text/cells.ts';
import type { Line, Span, Tone } from '../text/line.ts';
import { wrapWords } from '../text/line.ts';
import { clock, countdown, timeOfDay } from '../text/numbers.ts';
import { toType } from '../text/teaching.ts';
import { hintBlock } from './panel.ts';

const STATES = {
  live: { text: '● LIVE', tone: 'ok' },
  stale: { text: '▲ STALE', tone: 'warn' },
  none: { text: '■ NO SHIM', tone: 'block' },
} as const satisfies Record<Board['state'], Span>;

/** Whether the numbers are live, since when, and from where; what does not fit is left out from the right. */
export function stateLine({ state, shim, at, tz }: Board, width: number): Line {
  const nowTs = Date.parse(at) / 1000;
  const readTs = shim === null ? nowTs : Date.parse(shim.captured_at) / 1000;
  const time = nowTs - readTs < 86_400 ? timeOfDay(readTs, tz) : clock(readTs, nowTs, tz);
  const words =
    state === 'live'
      ? [`${time} ${tz}`, shim?.source_url ?? 'an unnamed shim', ...(shim?.epoch ? [`counters ${shim.epoch}`] : [])]
      : state === 'stale'
        ? [`read ${countdown(shim?.age_s ?? 0)} ago`, `${time} ${tz}`, shim?.source_url ?? 'an unnamed shim']
        : [`${time} ${tz}`];
  const spans: Span[] = [STATES[state]];
  let used = cellsOf(STATES[state].text);
  for (const word of words.map(printable)) {
    used += 2 + cellsOf(word);
    if (used > width) break;
    spans.push({ text: `  ${word}`, tone: 'dim' });
  }
  return spans;
}

// A word beside the symbol: neither needs colour.
const STANCES = {
  go: { mark: '● GO', tone: 'ok' },
  hold: { mark: '■ HOLD', tone: 'block' },
  unknown: { mark: '○ UNSURE', tone: 'plain' },
} as const satisfies Record<Advice['stance'], { mark: string; tone: Tone }>;

/** The sentence to follow on at most `rows` lines; its parts give way from the end, never in the middle of a number. */
export function adviceLines({ advice }: Board, width: number, rows: number): Line[] {
  const { mark, tone } = STANCES[advice.stance];
  const parts = printable(advice.sentence).split('; ');
  for (let count = parts.length; count > 0; count -= 1) {
    const isWhole = count === parts.length;
    const said = `${parts.slice(0, count).join('; ')}${isWhole ? '' : '.'}`;
    const lines = wrapWords(`${mark}  ${said}`, width);
    if (lines.length <= rows || count === 1) return lines.slice(0, rows).map((line) => toned(line, mark, tone));
  }
  return [];
}

/** What is wrong with the shim itself and what to type for it; the sentence is left out where it is the advice already. */
export function shimLines({ advice }: Board, width: number): readonly Line[] {
  const hint = advice.hints.find(({ part }) => part === 'shim');
  if (hint === undefined) return [];
  if (hint.sentence === advice.sentence) return toType(hint.next, width);
  return hintBlock(hint, width).flatMap(({ lines }) => lines);
}

/** Only the mark is coloured: a whole red line would shout. */
function toned(line: Line, mark: string, tone: Tone): Line {
  const [{ text } = { text: '' }] = line;
  if (!text.startsWith(mark)) return line;
  return [{ text: mark, tone }, { text: text.slice(mark.length) }];
}
