import type { Overview } from '../../rollups/overview.ts';
import type { QuotaStanding, WindowStanding } from '../../rollups/quotas.ts';
import { nameShown, printable } from '../../printable.ts';
import { cellsOf, clipMiddle } from './cells.ts';
import type { Line, Span, Tone } from './line.ts';
import { wrapWords } from './line.ts';
import { clock, compact, countdown, wholePct } from './numbers.ts';
import type { Frame } from './frame.ts';

/** Per model with a cap: the verdict, a bar for each window, and what time changes next. */
export function quotasPanel(overview: Overview, frame: Frame): Line[] {
  const rows = overview.quotas.flatMap((standing) => standingLines(standing, frame));
  return [...rows, ...uncapped(overview, frame)];
}

/** Symbol, word and tone of each verdict; the symbol and the word carry it without colour. */
export const VERDICTS = {
  ok: { mark: '● OK', tone: 'ok' },
  warn: { mark: '▲ WARN', tone: 'warn' },
  block: { mark: '■ BLOCK', tone: 'block' },
} as const satisfies Record<QuotaStanding['verdict'], { mark: string; tone: Tone }>;

function standingLines(standing: QuotaStanding, frame: Frame): Line[] {
  const { mark, tone } = VERDICTS[standing.verdict];
  const reason = standing.reason === null ? '' : ` (${clipMiddle(printable(standing.reason), 10)})`;
  const verdict: Span = { text: `  ${mark.padEnd(7)}`, tone };
  const room = frame.width - cellsOf(verdict.text) - cellsOf(reason) - 1;
  const head: Line = [
    verdict,
    { text: ` ${clipMiddle(nameShown(standing.model), room)}`, tone: 'bold' },
    { text: reason, tone },
  ];
  const next = nextWords(standing, frame);
  const wide = frame.width >= WIDE_FRAME;
  const inline = wide && next !== null && cellsOf(next) + 2 <= NEXT_CELLS;
  const bar = { width: barWidth(frame.width, wide), warnAt: standing.warn_at_pct, tone };
  const rolling = windowLine('rolling', standing.rolling, bar);
  return [
    head,
    inline ? [...rolling, { text: `  ${next}` }] : rolling,
    windowLine('weekly', standing.weekly, bar),
    ...(!inline && next !== null ? wrapWords(next, frame.width, { indent: LABEL_CELLS }) : []),
  ];
}

/** `eases in 59m (13:04)`, `clears in 1h 02m (14:05)`, or when that was due: a stale reading. */
function nextWords({ next }: QuotaStanding, { nowTs, tz }: Frame): string | null {
  if (next === null) return null;
  const left = next.at_ts - nowTs;
  const at = clock(next.at_ts, nowTs, tz);
  return left > 0 ? `${next.change} in ${countdown(left)} (${at})` : `was due at ${at}`;
}

/** From here on there is room beside the bar for what changes next. */
const WIDE_FRAME = 80;
const LABEL_CELLS = 12;
const PCT_CELLS = 6;
const TOKENS_CELLS = 12;
const NEXT_CELLS = 30;

function barWidth(width: number, wide: boolean): number {
  const room = width - LABEL_CELLS - PCT_CELLS - TOKENS_CELLS - (wide ? NEXT_CELLS : 0);
  return Math.min(60, Math.max(8, room));
}

interface Bar {
  readonly width: number;
  /** Fraction of the cap at which to tick; null: nowhere. */
  readonly warnAt: number | null;
  readonly tone: Tone;
}

function windowLine(label: string, window: WindowStanding, bar: Bar): Line {
  const name: Span = { text: `    ${label}`.padEnd(LABEL_CELLS), tone: 'dim' };
  const used = compact(window.used_tokens);
  if (window.pct === null) return [name, { text: `no cap, ${used} used`, tone: 'dim' }];
  const tokens = `${used}/${compact(window.cap_tokens)}`;
  return [
    name,
    ...barSpans(window.pct, bar),
    { text: wholePct(window.pct).padStart(PCT_CELLS) },
    { text: tokens.padStart(TOKENS_CELLS) },
  ];
}

/** Used cells full, the last 10 percentage points hatched (the reserve), the warning threshold ticked. */
function barSpans(pct: number, { width, warnAt, tone }: Bar): Line {
  const full = filledCells(pct, width);
  const reserveFrom = Math.round(width * 0.9);
  const tick = warnAt === null ? -1 : Math.min(width - 1, Math.floor(warnAt * width));
  const cell = (at: number): string => {
    if (at === tick) return '│';
    if (at < full) return at < reserveFrom ? '█' : '▓';
    return at < reserveFrom ? '·' : '░';
  };
  const cells = Array.from({ length: width }, (_, at) => cell(at));
  return [
    { text: cells.slice(0, full).join(''), tone },
    { text: cells.slice(full).join(''), tone: 'dim' },
  ];
}

/** Something used shows, and only what is full looks full. */
function filledCells(pct: number, width: number): number {
  if (pct <= 0) return 0;
  if (pct >= 1) return width;
  return Math.min(width - 1, Math.max(1, Math.round(pct * width)));
}

function uncapped({ quotas, uncapped_models: count }: Overview, { width }: Frame): Line[] {
  if (count === 0) return [];
  const which = quotas.length === 0 ? 'No model has a cap.' : `${count} more without a cap.`;
  return wrapWords(`${which} Caps go into quotas.json: shim serve --quotas FILE`, width, { indent: 2, tone: 'dim' });
}
