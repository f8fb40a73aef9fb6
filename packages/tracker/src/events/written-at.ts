import type { JournalRow } from './row-families.ts';

/**
 * When a row was written, epoch seconds; null: it does not say. Not when it happened: turns and meter readings of old
 * logs are written long after, and that is no disorder.
 */
export function writtenAt(row: JournalRow): number | null {
  const at = timeOf(row);
  const ms = at === undefined ? Number.NaN : Date.parse(at);
  return Number.isNaN(ms) ? null : ms / 1000;
}

function timeOf(row: JournalRow): string | undefined {
  switch (row.kind) {
    case 'window':
      return row.finalized_at;
    case 'tombstone':
      return row.created_at;
    case 'meter_reading':
    case 'glm_turn':
      return undefined;
    default:
      return row.captured_at;
  }
}
