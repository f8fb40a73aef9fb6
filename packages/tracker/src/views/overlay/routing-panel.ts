import { nameShown, printable } from '../../printable.ts';
import type { Board, RoutingDecision } from '../../rollups/board/board.ts';
import type { LaneStanding, ModelEvents } from '../../rollups/overview.ts';
import { blanksAfter, cellsOf, clipEnd, clipMiddle } from '../text/cells.ts';
import type { Line, Span } from '../text/line.ts';
import { wrapWords } from '../text/line.ts';
import { ABSENT, clock, compact, countdown, milliseconds, timeOfDay } from '../text/numbers.ts';
import { rankedTable, table } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { headOf, hintBlock, titleOf } from './panel.ts';
import type { Block, Drawing, Panel } from './panel.ts';

/** Lanes and their rests, what went elsewhere and why, the newest decisions. */
export function routingPanel(board: Board, drawing: Drawing): Panel {
  const { width, detail } = drawing;
  const { lanes, events, decisions } = board.routing;
  const lines = (detail === 'brief' ? rankedTable : table)(laneColumns(drawing), lanes, width);
  const isTable = lanes.length > 0 && (detail === 'brief' || lines.length === lanes.length + 1);
  const resting = events.flatMap((row) => restingLines(row, drawing));
  const whyNot = lanes.flatMap((lane) => whyUnusable(lane, drawing));
  const blocks: Block[] = [
    ...(lanes.length === 0 ? [] : [{ lines: isTable ? lines.slice(1) : lines, least: 1 }]),
    ...(resting.length === 0 ? [] : [{ lines: resting, least: detail === 'brief' ? 0 : resting.length }]),
    ...(decisions.length === 0 ? [] : [{ lines: decisionLines(decisions, drawing), least: 1 }]),
    ...(whyNot.length === 0 ? [] : [{ lines: whyNot, least: 0 }]),
    ...eventBlocks(events, drawing),
    ...hintsOf(board, width),
  ];
  return { name: 'routing', title: titleOf('routing', isTable ? lines[0] : undefined), blocks };
}

function hintsOf({ advice }: Board, width: number): readonly Block[] {
  return advice.hints
    .filter(({ part }) => part === 'routing' || part === 'license')
    .flatMap((hint) => hintBlock(hint, width));
}

function laneColumns(drawing: Drawing): readonly Column<LaneStanding>[] {
  return [
    { head: headOf('routing'), cell: ({ lane }) => ({ text: nameShown(lane) }) },
    { head: 'state', cell: (row) => laneState(row, drawing) },
    { head: 'busy', cell: (row) => ({ text: compact(row.active) }), align: 'right', rank: 4 },
    { head: 'reqs', cell: (row) => ({ text: compact(row.requests) }), align: 'right', rank: 1 },
    { head: 'errs', cell: (row) => ({ text: compact(row.errors) }), align: 'right', rank: 2 },
    { head: 'fb from', cell: (row) => ({ text: compact(row.fallbacks_from) }), align: 'right', rank: 5 },
    { head: 'fb to', cell: (row) => ({ text: compact(row.fallbacks_to) }), align: 'right', rank: 6 },
    { head: '429', cell: (row) => ({ text: compact(row.rate_limited) }), align: 'right', rank: 3 },
    { head: '529', cell: (row) => ({ text: compact(row.overloaded) }), align: 'right', rank: 7 },
    { head: 'last error', cell: (row) => ({ text: lastError(row) }), rank: 8 },
  ];
}

function laneState(
  { usable, reason, cooldown_active: resting, cooldown_next_ts: until }: LaneStanding,
  drawing: Drawing,
): Span {
  if (resting === true) return { text: `▲ rests${untilWords(until, drawing)}`, tone: 'warn' };
  if (usable) return { text: '● usable', tone: 'ok' };
  return { text: `■ ${clipEnd(printable(reasonCode(reason)), 18)}`, tone: 'block' };
}

/** A reason may go on after its code, with what to do about it: `missing_key: set ZAI_API_KEY`. */
function reasonCode(reason: string): string {
  return reason.split(':', 1)[0] ?? '';
}

/** The whole reason on lines of its own, where the table shows only its code. */
function whyUnusable({ lane, usable, reason }: LaneStanding, { width }: Drawing): Line[] {
  if (usable || reasonCode(reason) === reason) return [];
  return wrapWords(`■ ${nameShown(lane)}: ${printable(reason)}`, width, { indent: 2, tone: 'block' });
}

function lastError({ last_error: error, last_status: status }: LaneStanding): string {
  if (error === undefined || error === null || error === '') return ABSENT;
  const shown = clipEnd(printable(error), 24);
  return status === undefined || status === null || status < 400 ? shown : `${status} ${shown}`;
}

function restingLines(
  { model, cooldown_active: resting, cooldown_next_ts: until }: ModelEvents,
  drawing: Drawing,
): Line[] {
  if (resting !== true) return [];
  const words = `▲ ${nameShown(model)} rests on its preferred lane${untilWords(until, drawing)}`;
  return wrapWords(words, drawing.width, { indent: 2, tone: 'warn' });
}

function untilWords(until: number | null | undefined, { nowTs, tz }: Drawing): string {
  if (until === null || until === undefined) return '';
  const at = clock(until, nowTs, tz);
  return until > nowTs ? ` for ${countdown(until - nowTs)} (${at})` : ` until ${at}`;
}

/** When, model → lane, what came of it, and why it went there; the why gives way first. */
function decisionLines(decisions: readonly RoutingDecision[], { width, tz }: Drawing): Line[] {
  const rows = decisions.map((one) => ({
    at: timeOfDay(one.at_ts, tz),
    model: nameShown(one.model),
    lane: nameShown(one.lane),
    ended: endedOf(one),
    why: printable([one.decision, one.reason ?? ''].filter(Boolean).join(': ')),
  }));
  const widest = (key: 'model' | 'lane'): number => Math.max(...rows.map((row) => cellsOf(row[key])));
  const ended = Math.max(...rows.map((row) => cellsOf(row.ended.text)));
  const fixed = 2 + 8 + 1 + 3 + 2 + ended;
  const lane = Math.min(widest('lane'), Math.max(4, width - fixed - 8));
  const model = Math.max(4, Math.min(widest('model'), width - fixed - lane));
  const why = width - fixed - lane - model - 2;
  return rows.map((row): Line => {
    const [m, l] = [clipMiddle(row.model, model), clipMiddle(row.lane, lane)];
    return [
      { text: `  ${row.at} `, tone: 'dim' },
      { text: m + blanksAfter(m, model) },
      { text: ' → ', tone: 'dim' },
      { text: `${l}${blanksAfter(l, lane)}  ` },
      { ...row.ended, text: row.ended.text + blanksAfter(row.ended.text, ended) },
      ...(why >= 8 ? [{ text: `  ${clipEnd(row.why, why)}`, tone: 'dim' as const }] : []),
    ];
  });
}

function endedOf({ status, ended, ttft_ms: ttft }: RoutingDecision): Span {
  if (status === null) return { text: '○ running', tone: 'accent' };
  const isWell = status < 400 && (ended === null || ended === 'complete');
  const first = ttft === null ? '' : ` ${milliseconds(ttft)}`;
  if (isWell) return { text: `● ${status}${first}`, tone: 'ok' };
  const how = ended === null || ended === 'complete' || ended === 'failed' ? '' : ` ${ended}`;
  return { text: `${status >= 400 ? '■' : '▲'} ${status}${how}`, tone: status >= 400 ? 'block' : 'warn' };
}

/** What happened to requests since the shim started counting. */
function eventBlocks(events: readonly ModelEvents[], { width, detail }: Drawing): Block[] {
  if (events.length === 0) return [];
  if (detail === 'whole') return [{ lines: [[], ...table(EVENTS, events, width)], least: 0 }];
  const sum = (key: (typeof COUNTED)[number][0]): number => events.reduce((all, row) => all + (row[key] ?? 0), 0);
  const told = COUNTED.flatMap(([key, word]) => (sum(key) === 0 ? [] : [`${word} ${compact(sum(key))}`]));
  if (told.length === 0) return [];
  return [{ lines: [[{ text: `  since its start: ${told.join(' · ')}`, tone: 'dim' }]], least: 0 }];
}

const COUNTED = [
  ['fallbacks', 'fallbacks'],
  ['reroutes', 'reroutes'],
  ['rate_limited', '429'],
  ['overloaded', '529'],
  ['truncated', 'truncated'],
  ['cancelled', 'cancelled'],
  ['timeouts', 'timeouts'],
] as const;

const EVENTS: readonly Column<ModelEvents>[] = [
  { head: 'since its start', cell: ({ model }) => ({ text: nameShown(model) }) },
  { head: 'fallbacks', cell: (row) => ({ text: compact(row.fallbacks) }), align: 'right' },
  { head: 'reroutes', cell: (row) => ({ text: compact(row.reroutes) }), align: 'right' },
  { head: 'truncated', cell: (row) => ({ text: compact(row.truncated) }), align: 'right' },
  { head: 'cancelled', cell: (row) => ({ text: compact(row.cancelled) }), align: 'right' },
  { head: 'timeouts', cell: (row) => ({ text: compact(row.timeouts) }), align: 'right' },
  { head: 'wasted', cell: (row) => ({ text: milliseconds(row.wasted_retry_ms) }), align: 'right' },
];
