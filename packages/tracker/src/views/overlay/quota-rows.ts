import { nameShown } from '../../printable.ts';
import type { Board, MeterBar } from '../../rollups/board/board.ts';
import type { QuotaStanding, WindowStanding } from '../../rollups/quotas.ts';
import { lengthOf } from '../text/standing.ts';
import type { Span, Tone } from '../text/line.ts';
import { ABSENT, clock, compact, countdown, wholePct } from '../text/numbers.ts';
import { VERDICTS } from '../text/verdicts.ts';
import type { Drawing } from './panel.ts';

/** One bar with its words, whoever counts: a vendor its percentage points, or the shim tokens against a cap of ours. */
export interface QuotaRow {
  /** Empty: the same as the row above. */
  readonly name: string;
  readonly length: string;
  readonly mark: string;
  readonly tone: Tone;
  /** The mark in words. */
  readonly word: string;
  /** Fraction used; null: not known, or no cap. */
  readonly used: number | null;
  readonly expected: number | null;
  readonly warnAt: number | null;
  readonly pct: string;
  /** `03:00`, `Mon 03:00`; what happens then and in how long. */
  readonly at: string;
  readonly in: string;
  /** Source letter and age, or what is counted. */
  readonly read: string;
  /** Sentences for those who look closer. */
  readonly more: readonly string[];
}

export const STATUSES = {
  ok: { mark: '●', word: 'fits', tone: 'ok' },
  'inside-buffer': { mark: '▲', word: 'buffer', tone: 'warn' },
  'at-limit': { mark: '■', word: 'full', tone: 'block' },
  indeterminate: { mark: '○', word: 'unsure', tone: 'plain' },
  'no-data': { mark: '○', word: 'no data', tone: 'dim' },
} as const satisfies Record<MeterBar['buffer']['status'], { mark: string; word: string; tone: Tone }>;

/** Vendors' bars first, then our own caps, the worst model first. */
export function quotaRows(board: Board, drawing: Drawing): readonly QuotaRow[] {
  const own = (board.overview?.quotas ?? []).flatMap((standing) => capRows(standing, drawing));
  return blanked([...board.meters.map((bar) => meterRow(bar, drawing)), ...own]);
}

function meterRow(bar: MeterBar, { nowTs, tz }: Drawing): QuotaRow {
  const { mark, word, tone } = STATUSES[bar.buffer.status];
  const resetTs = bar.resets_at === null ? null : Date.parse(bar.resets_at) / 1000;
  return {
    name: meterName(bar),
    length: lengthOf(bar.window_min),
    mark,
    tone,
    word,
    used: bar.used_pp === null ? null : bar.used_pp / 100,
    expected: bar.expected_pp === null ? null : bar.expected_pp / 100,
    warnAt: null,
    pct: bar.used_pp === null ? ABSENT : wholePct(bar.used_pp / 100),
    at: resetTs === null ? ABSENT : clock(resetTs, nowTs, tz),
    in: bar.resets_in_s === null ? '' : countdown(bar.resets_in_s),
    read: bar.source_letter === null ? ABSENT : `${bar.source_letter} ${countdown(bar.age_s ?? 0)}`,
    more: [bar.buffer.sentence, ...paceWords(bar), ...forecastWords(bar), ...othersWords(bar)],
  };
}

export function meterName({ provider, account, lane, scope }: MeterBar): string {
  const model = scope.startsWith('model:') ? scope.slice('model:'.length) : scope;
  const parts = [provider, account?.slice(0, 4) ?? lane ?? '', model === 'all' ? '' : model];
  return nameShown(parts.filter(Boolean).join(' '));
}

function paceWords({ pace, ahead_pp: ahead }: MeterBar): string[] {
  if (pace === null || ahead === null) return [];
  const side = ahead >= 0 ? 'ahead of' : 'behind';
  return [`${pace.toFixed(2)} times an even pace, ${pp(Math.abs(ahead))} ${side} it`];
}

function forecastWords({ forecast }: MeterBar): string[] {
  if (forecast === null) return [];
  const { low_pp: low, mid_pp: mid, high_pp: high } = forecast;
  return [`at its reset ${pp(mid)}, 80 % between ${pp(low)} and ${pp(high)}`];
}

function othersWords({ others }: MeterBar): string[] {
  if (others.length === 0) return [];
  const told = others.slice(0, 3).map(({ source, used_pp: used }) => `${source} ${used === null ? ABSENT : pp(used)}`);
  return [`other readings: ${told.join(', ')}${others.length > 3 ? `, ${others.length - 3} more` : ''}`];
}

function pp(value: number): string {
  return `${Math.round(value * 10) / 10} pp`;
}

function capRows(standing: QuotaStanding, drawing: Drawing): QuotaRow[] {
  const row = (length: 'rolling' | 'weekly', window: WindowStanding, isFirst: boolean): QuotaRow[] => {
    if (window.pct === null) return [];
    // The verdict is of the window it names; the other one is fine.
    const isOther = (standing.reason === 'rolling' || standing.reason === 'weekly') && standing.reason !== length;
    const { mark, word, tone } = VERDICTS[isOther ? 'ok' : standing.verdict];
    const next = isFirst ? nextOf(standing, drawing) : { at: '', in: '', words: [] };
    return [
      {
        name: nameShown(standing.model),
        length,
        mark,
        tone,
        word,
        used: window.pct,
        expected: null,
        warnAt: standing.warn_at_pct,
        pct: wholePct(window.pct),
        at: next.at,
        in: next.in,
        read: tokensOf(window),
        more: next.words,
      },
    ];
  };
  const rolling = row('rolling', standing.rolling, true);
  return [...rolling, ...row('weekly', standing.weekly, rolling.length === 0)];
}

function tokensOf({ used_tokens: used, cap_tokens: cap }: WindowStanding): string {
  return `${compact(used)}/${compact(cap)}`;
}

/** `eases in 59m`, `clears in 1h 02m`, or when that was due: a stale reading. */
function nextOf({ next }: QuotaStanding, { nowTs, tz }: Drawing): { at: string; in: string; words: string[] } {
  if (next === null) return { at: '', in: '', words: [] };
  const left = next.at_ts - nowTs;
  const at = clock(next.at_ts, nowTs, tz);
  if (left <= 0) return { at, in: 'due', words: [`${next.change}: was due at ${at}`] };
  return { at, in: countdown(left), words: [`${next.change} in ${countdown(left)} (${at})`] };
}

/** A name is said once for the rows below each other. */
function blanked(rows: readonly QuotaRow[]): readonly QuotaRow[] {
  return rows.map((row, at) => (at > 0 && rows[at - 1]?.name === row.name ? { ...row, name: '' } : row));
}

export function markOf({ mark, tone }: QuotaRow): Span {
  return { text: mark, tone };
}
