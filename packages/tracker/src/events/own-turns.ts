import { CELL, lineScanner } from '../learned-lines/line-scanner.ts';
import type { FieldRule, LineRules, LineScanner, PackedRows } from '../learned-lines/line-scanner.ts';
import type { Seeds } from '../learned-lines/text-hasher.ts';
import type { PackedTurns, TurnCells } from '../rollups/summary/packed-turns.ts';
import type { Recognised } from './read-line.ts';
import type { JournalRow } from './row-families.ts';

const TEXT: FieldRule = { value: 'text' };
const HASHED: FieldRule = { value: 'text', take: 'hash', needed: true };
const COUNT: FieldRule = { value: 'count', take: 'number' };
const AMOUNT: FieldRule = { value: 'amount', orNull: true };
const SHARE: FieldRule = { value: 'share', orNull: true };
const NUMBER: FieldRule = { value: 'number', orNull: true };

/**
 * What a turn of ours says, each value within what the contract lets it be whatever the others are. All else of it, what
 * was measured among it, is only read where it is the same as in a row that the contract took.
 */
const RULES: LineRules = {
  fields: {
    schema_version: TEXT,
    tool_version: TEXT,
    event_id: TEXT,
    captured_at: { value: 'time', take: 'number', needed: true },
    source: HASHED,
    dedupe_key: HASHED,
    'turn.turn_id': TEXT,
    'turn.session_id': HASHED,
    'turn.model': HASHED,
    'turn.subagent': TEXT,
    'turn.tokens_in': COUNT,
    'turn.tokens_out': COUNT,
    'turn.cache_write_tokens': COUNT,
    'turn.cache_write_1h_tokens': COUNT,
    'turn.cache_read_tokens': COUNT,
    'turn.epoch': TEXT,
    'turn.ended': TEXT,
    'turn.usage_known': { value: 'flag' },
    'turn.stream_s': AMOUNT,
    'turn.input_kind': TEXT,
    'turn.latency_ms': AMOUNT,
    'turn.ts': { value: 'moment', take: 'number', needed: true },
    'turn.lane': TEXT,
    'turn.rid': TEXT,
    'turn.request_id': { value: 'text', take: 'hash', orNull: true },
    'turn.status': { value: 'whole' },
    'turn.ttft_ms': AMOUNT,
    'decision.reroute_mode': TEXT,
    'decision.reroute_decision': TEXT,
    'decision.preferred_attempt': { value: 'flag', orNull: true },
    'decision.warn_pct_auto': SHARE,
    'decision.warn_pct_confidence': SHARE,
    'decision.warn_pct_cfg': SHARE,
    'decision.gap_seconds_p50': NUMBER,
    'decision.gap_seconds_p95': NUMBER,
    'decision.gap_samples': AMOUNT,
  },
  others: 'fixed',
  echoes: { 'turn.attribution': 'turn.model' },
};

/** Reads turns of ours without making rows of them. */
export interface OwnTurns {
  readonly scanner: LineScanner;
  /** What the last scan found, of a block that begins at `offset` in its journal. The same object every time. */
  packed(count: number, offset: number): PackedTurns;
  /** Takes a line that was read the long way, if it is such a turn. */
  learn(found: Recognised, from: number, lineEnd: number): void;
}

let last: { readonly seeds: Seeds; readonly own: OwnTurns } | null = null;

/** What was learned with the same seeds before, or nothing yet: a process that follows a journal learns once. */
export function ownTurns(seeds: Seeds): OwnTurns {
  if (last?.seeds[0] !== seeds[0] || last.seeds[1] !== seeds[1]) last = { seeds, own: newOwnTurns(seeds) };
  return last.own;
}

/** One that has learned nothing. */
export function newOwnTurns(seeds: Seeds): OwnTurns {
  const scanner = lineScanner(RULES, seeds);
  const packed = new OwnTurnRows(scanner.rows);
  return {
    scanner,
    packed: (count, offset) => packed.of(count, offset),
    learn({ row, older, notes }, from, lineEnd) {
      if (older === null && notes.length === 0 && isWhole(row)) scanner.learn(from, lineEnd);
    },
  };
}

/** A turn with nothing but what the cells have: nothing measured, and all of it its model's. */
function isWhole(row: JournalRow): boolean {
  if (row.kind !== 'turn') return false;
  const { turn, measurement } = row;
  const shares = Object.entries(turn.attribution ?? {});
  const [[model, share] = ['', 0]] = shares;
  const isItsModels = shares.length === 1 && model === turn.model && share === 1;
  return isItsModels && measurement === undefined && (turn.capacity_used ?? null) === null;
}

class OwnTurnRows implements PackedTurns {
  readonly #rows: PackedRows;
  readonly words: Uint32Array;
  readonly numbers: Float64Array;
  readonly first: number;
  readonly stride: number;
  readonly cells: TurnCells;
  #offset = 0;
  count = 0;

  constructor(rows: PackedRows) {
    this.#rows = rows;
    this.words = rows.words;
    this.numbers = rows.numbers;
    this.first = rows.first;
    this.stride = rows.stride;
    this.cells = {
      capturedAt: rows.cellOf('captured_at'),
      source: rows.cellOf('source'),
      session: rows.cellOf('turn.session_id'),
      model: rows.cellOf('turn.model'),
      input: rows.cellOf('turn.tokens_in'),
      output: rows.cellOf('turn.tokens_out'),
      cacheWrite: rows.cellOf('turn.cache_write_tokens'),
      cacheWrite1h: rows.cellOf('turn.cache_write_1h_tokens'),
      cacheRead: rows.cellOf('turn.cache_read_tokens'),
      ts: rows.cellOf('turn.ts'),
      requestId: rows.cellOf('turn.request_id'),
      key: rows.cellOf('dedupe_key'),
    };
  }

  of(count: number, offset: number): this {
    this.count = count;
    this.#offset = offset;
    return this;
  }

  hasText(cell: number): boolean {
    return this.#rows.kindAt(cell) === CELL.text;
  }

  textAt(cell: number): string {
    return this.#rows.textAt(cell);
  }

  placeAt(row: number): number {
    return this.#offset + this.#rows.offsetAt(row);
  }
}
