/** A window, named by an answer's headers, that lets nothing more in. */
export interface RejectedWindow {
  /** As the meters name it, such as `unified-5h`. */
  readonly meter: string;
  readonly kind: WindowKind;
  /** A window such as 7d_oi counts one family of models: the others may go on. */
  readonly scope: 'lane' | 'model';
  /** Epoch seconds; null: not given, past, or too far away to be believed. */
  readonly resetsTs: number | null;
}

/** `spend`: what is counted by the month. */
export type WindowKind = 'five_hour' | 'weekly' | 'weekly_model' | 'per_minute' | 'spend';

/** Headers by lower-case name; the first of equal ones counts. */
export type NamedHeaders = ReadonlyMap<string, string>;

/** @param headers flat name, value list */
export function nameHeaders(headers: readonly string[]): NamedHeaders {
  const named = new Map<string, string>();
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = (headers[index] ?? '').toLowerCase();
    if (!named.has(name)) named.set(name, (headers[index + 1] ?? '').trim());
  }
  return named;
}

export function hasRateHeaders(named: NamedHeaders): boolean {
  return [...named.keys()].some((name) => name.startsWith(ANTHROPIC) || name.startsWith(CODEX));
}

const ANTHROPIC = 'anthropic-ratelimit-';
const UNIFIED = `${ANTHROPIC}unified-`;
const CODEX = 'x-codex-';

/** What a subscription's headers say: of the whole, and of each window that has a status of its own. */
export interface UnifiedWord {
  /** In lower case; empty: none. */
  readonly status: string;
  readonly rejected: readonly RejectedWindow[];
  /** Names (5h, 7d, …) of windows that still let something in. */
  readonly open: ReadonlySet<string>;
}

export function readUnified(named: NamedHeaders, nowTs: number): UnifiedWord {
  const rejected: RejectedWindow[] = [];
  const open = new Set<string>();
  for (const [header, value] of named) {
    const match = WINDOW_STATUS.exec(header);
    if (match === null) continue;
    const [, name = '', count = '', unit = '', family] = match;
    if (CLOSED.has(value.toLowerCase())) {
      const shared = kindOfLength(Number(count) * (UNIT_MINUTES[unit] ?? 1));
      const kind = family === undefined ? shared : 'weekly_model';
      const scope = family === undefined ? 'lane' : 'model';
      rejected.push({ meter: `unified-${name}`, kind, scope, resetsTs: unifiedReset(named, { name, kind }, nowTs) });
    } else {
      open.add(name);
    }
  }
  return { status: (named.get(`${UNIFIED}status`) ?? '').toLowerCase(), rejected, open };
}

/** Statuses of the whole or of one window under which nothing is let in until it resets. */
export const CLOSED: ReadonlySet<string> = new Set(['rejected', 'blocked']);
// Not `overage-status`: being refused beyond the plan is no window.
const WINDOW_STATUS = /^anthropic-ratelimit-unified-((\d{1,4})([mhd])(_.+)?)-status$/;
const UNIT_MINUTES: Readonly<Record<string, number>> = { m: 1, h: 60, d: 1440 };

/**
 * The window `representative-claim` names, for answers whose windows have no status of their own; null: it names none,
 * or one whose own status says that it is open, and that is the better witness.
 */
export function claimedWindow(named: NamedHeaders, word: UnifiedWord, nowTs: number): RejectedWindow | null {
  const claimed = windowOfClaim(named);
  if (claimed === null || word.open.has(claimed.name)) return null;
  const { name, kind } = claimed;
  // Beyond the plan only some models are asked for; those within it go on.
  const scope = kind === 'weekly_model' || (kind === 'spend' && word.open.size > 0) ? 'model' : 'lane';
  return { meter: `unified-${name}`, kind, scope, resetsTs: unifiedReset(named, claimed, nowTs) };
}

interface UnifiedWindow {
  readonly name: string;
  readonly kind: WindowKind;
}

function windowOfClaim(named: NamedHeaders): UnifiedWindow | null {
  const claim = (named.get(`${UNIFIED}representative-claim`) ?? '').toLowerCase();
  if (claim === 'five_hour') return { name: '5h', kind: 'five_hour' };
  if (claim === 'seven_day') return { name: '7d', kind: 'weekly' };
  if (claim === 'overage') return { name: 'overage', kind: 'spend' };
  if (claim === 'seven_day_overage_included') return { name: '7d_oi', kind: 'weekly_model' };
  const family = /^seven_day_(.+)$/.exec(claim)?.[1];
  return family === undefined ? null : { name: `7d_${family}`, kind: 'weekly_model' };
}

/** A window's own reset. `unified-reset` floats: it belongs to the window the claim names, and to no other. */
function unifiedReset(named: NamedHeaders, { name, kind }: UnifiedWindow, nowTs: number): number | null {
  const own = believable(timeOf(named.get(`${UNIFIED}${name}-reset`)), kind, nowTs);
  return own ?? (windowOfClaim(named)?.name === name ? floatingReset(named, kind, nowTs) : null);
}

export function floatingReset(named: NamedHeaders, kind: string, nowTs: number): number | null {
  return believable(timeOf(named.get(`${UNIFIED}reset`)), kind, nowTs);
}

/** Limits of a key of which nothing remains. They count per minute and per model. */
export function usedUpKeyLimits(named: NamedHeaders, nowTs: number): readonly RejectedWindow[] {
  const found: RejectedWindow[] = [];
  for (const [header, value] of named) {
    const limit = KEY_REMAINING.exec(header)?.[1];
    if (limit === undefined || value === '' || !(Number(value) <= 0)) continue;
    const resetsTs = believable(timeOf(named.get(`${ANTHROPIC}${limit}-reset`)), 'per_minute', nowTs);
    found.push({ meter: limit, kind: 'per_minute', scope: 'model', resetsTs });
  }
  return found;
}

export function hasKeyLimits(named: NamedHeaders): boolean {
  return [...named.keys()].some((header) => KEY_REMAINING.test(header));
}

const KEY_REMAINING = /^anthropic-ratelimit-((?:requests|(?:priority-)?(?:input-|output-)?tokens))-remaining$/;

/** Full windows in Codex' headers. A slot says nothing about its window: the length does. */
export function fullCodexWindows(named: NamedHeaders, nowTs: number): readonly RejectedWindow[] {
  return ['primary', 'secondary'].flatMap((slot): RejectedWindow[] => {
    const used = Number(named.get(`${CODEX}${slot}-used-percent`) ?? '');
    const minutes = Number(named.get(`${CODEX}${slot}-window-minutes`) ?? '');
    if (!(used >= 100) || !(minutes > 0)) return [];
    const kind = kindOfLength(minutes);
    const after = timeOf(named.get(`${CODEX}${slot}-reset-after-seconds`));
    const given = timeOf(named.get(`${CODEX}${slot}-reset-at`)) ?? (after === null ? null : nowTs + after);
    const name = minutes === 300 ? '5h' : minutes === 10_080 ? '7d' : `${minutes}m`;
    return [{ meter: `codex-${name}`, kind, scope: 'lane', resetsTs: believable(given, kind, nowTs) }];
  });
}

/** A window's kind by its length in minutes: the limits lie well between the lengths that providers use. */
export function kindOfLength(minutes: number): 'per_minute' | 'five_hour' | 'weekly' | 'spend' {
  if (minutes <= 60) return 'per_minute';
  if (minutes <= 1440) return 'five_hour';
  return minutes <= 20_160 ? 'weekly' : 'spend';
}

/** The time a provider asks to wait, in seconds; null: none, zero, past, or no time at all. */
export function retryAfterS(named: NamedHeaders, nowTs: number): number | null {
  const ms = Number(named.get('retry-after-ms') ?? '');
  if (ms > 0) return ms / 1000;
  const text = named.get('retry-after') ?? '';
  // Without letters it is a number or nothing: `Date.parse` makes a year of any small number.
  const seconds = /[a-z]{3}/i.test(text) ? Date.parse(text) / 1000 - nowTs : Number(text);
  return seconds > 0 ? seconds : null;
}

/** Clocks differ and providers err: an end that is past, or further away than such a window lasts, is no end. */
export function believable(ts: number | null, kind: string, nowTs: number): number | null {
  if (ts === null || !(ts > nowTs)) return null;
  return ts - nowTs <= (MONTHLY.has(kind) ? 40 * DAY_S : 8 * DAY_S) ? ts : null;
}

const DAY_S = 86_400;
const MONTHLY: ReadonlySet<string> = new Set(['spend', 'balance', 'plan']);

/** Epoch seconds or a date with its zone. */
function timeOf(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const value = /^\d{4}-\d\d-\d\d[Tt ]/.test(text) ? Date.parse(text) / 1000 : Number(text);
  return Number.isFinite(value) ? value : null;
}
