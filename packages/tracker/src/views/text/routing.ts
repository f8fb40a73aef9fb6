import type { LaneStanding, ModelEvents, Overview } from '../../rollups/overview.ts';
import { nameShown, printable } from '../../printable.ts';
import { clipEnd } from './cells.ts';
import type { Line, Span } from './line.ts';
import { wrapWords } from './line.ts';
import { ABSENT, clock, compact, countdown, milliseconds } from './numbers.ts';
import type { Frame } from './frame.ts';
import { table } from './table.ts';
import type { Column } from './table.ts';

/** What each lane did, and what happened to requests since the shim started counting. */
export function routingPanel({ lanes, events }: Overview, frame: Frame): Line[] {
  const laneRows = lanes.length > 0 ? table(laneColumns(frame), lanes, frame.width) : [];
  const resting = events.flatMap((row) => restingLines(row, frame));
  return [
    ...laneRows,
    ...lanes.flatMap((lane) => whyUnusable(lane, frame)),
    ...resting,
    ...table(EVENT_COLUMNS, events, frame.width),
  ];
}

function laneColumns(frame: Frame): readonly Column<LaneStanding>[] {
  return [
    { head: 'lane', cell: ({ lane }) => ({ text: nameShown(lane) }) },
    { head: 'state', cell: (row) => laneState(row, frame) },
    { head: 'busy', cell: (row) => ({ text: compact(row.active) }), align: 'right' },
    { head: 'reqs', cell: (row) => ({ text: compact(row.requests) }), align: 'right' },
    { head: 'errs', cell: (row) => ({ text: compact(row.errors) }), align: 'right' },
    { head: 'fb from', cell: (row) => ({ text: compact(row.fallbacks_from) }), align: 'right' },
    { head: 'fb to', cell: (row) => ({ text: compact(row.fallbacks_to) }), align: 'right' },
    { head: '429', cell: (row) => ({ text: compact(row.rate_limited) }), align: 'right' },
    { head: '529', cell: (row) => ({ text: compact(row.overloaded) }), align: 'right' },
    { head: 'last error', cell: (row) => ({ text: lastError(row) }) },
  ];
}

function laneState(
  { usable, reason, cooldown_active: resting, cooldown_next_ts: until }: LaneStanding,
  frame: Frame,
): Span {
  if (resting === true) return { text: `▲ rests${untilWords(until, frame)}`, tone: 'warn' };
  if (usable) return { text: '● usable', tone: 'ok' };
  return { text: `■ ${clipEnd(printable(reasonCode(reason)), 18)}`, tone: 'block' };
}

/** A reason may go on after its code, with what to do about it: `missing_key: set ZAI_API_KEY`. */
function reasonCode(reason: string): string {
  return reason.split(':', 1)[0] ?? '';
}

/** The whole reason on lines of its own, where the table shows only its code. */
function whyUnusable({ lane, usable, reason }: LaneStanding, { width }: Frame): Line[] {
  if (usable || reasonCode(reason) === reason) return [];
  return wrapWords(`■ ${nameShown(lane)}: ${printable(reason)}`, width, { indent: 2, tone: 'block' });
}

function lastError({ last_error: error, last_status: status }: LaneStanding): string {
  if (error === undefined || error === null || error === '') return ABSENT;
  const shown = clipEnd(printable(error), 24);
  return status === undefined || status === null || status < 400 ? shown : `${status} ${shown}`;
}

function restingLines({ model, cooldown_active: resting, cooldown_next_ts: until }: ModelEvents, frame: Frame): Line[] {
  if (resting !== true) return [];
  return wrapWords(`▲ ${nameShown(model)} rests on its preferred lane${untilWords(until, frame)}`, frame.width, {
    indent: 2,
    tone: 'warn',
  });
}

function untilWords(until: number | null | undefined, { nowTs, tz }: Frame): string {
  if (until === null || until === undefined) return '';
  const at = clock(until, nowTs, tz);
  return until > nowTs ? ` for ${countdown(until - nowTs)} (${at})` : ` until ${at}`;
}

const EVENT_COLUMNS: readonly Column<ModelEvents>[] = [
  { head: 'model', cell: ({ model }) => ({ text: nameShown(model) }) },
  { head: 'fallbacks', cell: (row) => ({ text: compact(row.fallbacks) }), align: 'right' },
  { head: 'reroutes', cell: (row) => ({ text: compact(row.reroutes) }), align: 'right' },
  { head: 'truncated', cell: (row) => ({ text: compact(row.truncated) }), align: 'right' },
  { head: 'cancelled', cell: (row) => ({ text: compact(row.cancelled) }), align: 'right' },
  { head: 'timeouts', cell: (row) => ({ text: compact(row.timeouts) }), align: 'right' },
  { head: 'wasted', cell: (row) => ({ text: milliseconds(row.wasted_retry_ms) }), align: 'right' },
];
