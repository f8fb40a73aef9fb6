import {
  parseAnomaly,
  parseChurn,
  parseEvent,
  parseGlmCount,
  parseGlmTurn,
  parseMeterReading,
  parseSnapshot,
  parseTombstone,
  parseToolReport,
  parseWindow,
} from '@ccp/contracts';
import type {
  Anomaly,
  CccSnapshot,
  ChurnRecord,
  GlmCount,
  GlmTurn,
  MeterReadingRecord,
  Parsed,
  Session,
  Snapshot,
  Tombstone,
  ToolReport,
  TrackerEvent,
  Turn,
  WindowRecord,
} from '@ccp/contracts';
import { cccSnapshots } from './ccc-snapshot.ts';
import { isOwnTurn } from './turn-guard.ts';

/** One kind of row. A journal may hold several; each row says its own in the field `kind`. */
export interface RowFamily<Row> {
  readonly kind: string;
  readonly parse: (value: unknown) => Parsed<Row>;
}

/** The contract object of every kind of row. */
export interface RowTypes {
  ccc_snapshot: CccSnapshot;
  window: WindowRecord;
  session: TrackerEvent & { session: Session };
  turn: TrackerEvent & { turn: Turn };
  session_end: TrackerEvent & { session_id: string };
  glm_count: GlmCount;
  glm_turn: GlmTurn;
  snapshot: Snapshot;
  churn: ChurnRecord;
  anomaly: Anomaly;
  meter_reading: MeterReadingRecord;
  codex_ccusage: ToolReport;
  claude_monitor: ToolReport;
  proxy_telemetry: ToolReport;
  tombstone: Tombstone;
}

export type RowKind = keyof RowTypes;

/** A row of one kind, with the kind in it. */
export type RowOf<Kind extends RowKind> = RowTypes[Kind] & { kind: Kind };

/** A row of any kind; `kind` tells which. */
export type JournalRow = { [Kind in RowKind]: RowOf<Kind> }[RowKind];

const turns = family('turn', parseEvent, 'turn');

/** Every kind of row, and the contract that judges it. */
export const rowFamilies: { readonly [Kind in RowKind]: RowFamily<RowOf<Kind>> } = {
  ccc_snapshot: family('ccc_snapshot', cccSnapshots.parse),
  window: family('window', parseWindow),
  session: family('session', parseEvent, 'session'),
  turn: { kind: 'turn', parse: (row) => (isOwnTurn(row) ? { ok: true, value: row } : turns.parse(row)) },
  session_end: family('session_end', parseEvent, 'session_id'),
  glm_count: family('glm_count', parseGlmCount),
  glm_turn: family('glm_turn', parseGlmTurn),
  snapshot: family('snapshot', parseSnapshot),
  churn: family('churn', parseChurn),
  anomaly: family('anomaly', parseAnomaly),
  meter_reading: family('meter_reading', parseMeterReading),
  codex_ccusage: family('codex_ccusage', parseToolReport),
  claude_monitor: family('claude_monitor', parseToolReport),
  proxy_telemetry: family('proxy_telemetry', parseToolReport),
  tombstone: family('tombstone', parseTombstone),
};

/** @param needed what the kind can't do without although the contract, which several kinds share, lets it be absent */
function family<Kind extends RowKind>(
  kind: Kind,
  parse: (value: unknown) => Parsed<unknown>,
  needed?: 'session' | 'turn' | 'session_id',
): RowFamily<RowOf<Kind>> {
  return {
    kind,
    parse(value) {
      const parsed = parse(value);
      if (!parsed.ok) return parsed;
      const row = parsed.value as RowOf<Kind> & TrackerEvent;
      if (row.kind !== kind) return refused('/kind', `must be ${JSON.stringify(kind)}`);
      if (needed !== undefined && row[needed] === undefined) return refused(`/${needed}`, 'is required');
      return { ok: true, value: row };
    },
  };
}

function refused(path: string, reason: string): Parsed<never> {
  return { ok: false, problems: [{ path, reason }] };
}
