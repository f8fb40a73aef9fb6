import { olderEvents, olderGlmTurns } from './older/event-rows.ts';
import { olderPromptCounts, olderSnapshots } from './older/meter-rows.ts';
import { olderAnomalies, olderChurn, olderReports } from './older/report-rows.ts';
import type { OlderShape } from './older/shape.ts';
import { olderWindows } from './older/window-rows.ts';
import { rowFamilies } from './row-families.ts';
import type { RowFamily, RowKind } from './row-families.ts';

/** What a file may hold. Rows that take back others may stand in every file. */
export interface Layout {
  readonly families: ReadonlyMap<string, RowFamily<unknown>>;
  /** How rows without a kind are known, in the order in which they are tried. */
  readonly older: readonly OlderShape[];
}

/** Every journal of a data folder, the kinds of rows it holds and the older shapes it may hold. */
export const journalFiles = {
  'windows.jsonl': {
    kinds: ['ccc_snapshot', 'window', 'session', 'turn', 'session_end'],
    older: [...olderEvents, ...olderWindows],
  },
  'glm_counts.jsonl': { kinds: ['glm_count', 'glm_turn'], older: [...olderPromptCounts, ...olderGlmTurns] },
  'snapshots.jsonl': { kinds: ['snapshot'], older: olderSnapshots },
  'churn.jsonl': { kinds: ['churn'], older: olderChurn },
  'anomalies.jsonl': { kinds: ['anomaly'], older: olderAnomalies },
  'readings.jsonl': { kinds: ['meter_reading'], older: [] },
  'codex_ccusage.jsonl': { kinds: ['codex_ccusage'], older: olderReports('codex_ccusage') },
  'claude_monitor.jsonl': { kinds: ['claude_monitor'], older: olderReports('claude_monitor') },
  'proxy_telemetry.jsonl': { kinds: ['proxy_telemetry'], older: olderReports('proxy_telemetry') },
} as const satisfies Record<string, { kinds: readonly RowKind[]; older: readonly OlderShape[] }>;

export type JournalName = keyof typeof journalFiles;

/** Kinds of rows a journal holds. */
export type KindIn<Name extends JournalName> = (typeof journalFiles)[Name]['kinds'][number];

/** Kinds that have a journal of their own; a tombstone goes where its target is. */
export type WrittenKind = KindIn<JournalName>;

export const journalNames = Object.keys(journalFiles) as JournalName[];

/** The journal a kind of row is written to. */
export function journalOf(kind: WrittenKind): JournalName {
  const name = journalNames.find((candidate) => (journalFiles[candidate].kinds as readonly string[]).includes(kind));
  if (name === undefined) throw new Error(`rows of kind ${kind} have no journal`);
  return name;
}

const layouts = new Map<JournalName, Layout>();

/** What the journal called `name` may hold. */
export function layoutOf(name: JournalName): Layout {
  const known = layouts.get(name);
  if (known !== undefined) return known;
  const { kinds, older } = journalFiles[name];
  const layout = { families: new Map(kinds.map((kind) => [kind, rowFamilies[kind]])), older };
  layouts.set(name, layout);
  return layout;
}
