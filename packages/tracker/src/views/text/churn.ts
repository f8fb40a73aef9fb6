import type { ChurnRecord } from '@ccp/contracts';
import { nameShown } from '../../printable.ts';
import type { Line } from './line.ts';
import { wrapWords } from './line.ts';
import { ABSENT, compact, wholePct } from './numbers.ts';
import { table } from './table.ts';
import type { Column } from './table.ts';
import { decimals } from './window-preview.ts';

type FeatureRow = NonNullable<ChurnRecord['by_feature']>[number];
type SurvivalRow = NonNullable<ChurnRecord['survival']>[number];

interface Shown {
  readonly name: string;
  readonly commits: number | undefined;
  readonly files: number | undefined;
  readonly insertions: number | undefined;
  readonly deletions: number | undefined;
  /** Null: not of one feature. */
  readonly perFeature: number | null;
  /** Share of the lines added that is there now; null: none was added. */
  readonly left: number | null;
  readonly survival: readonly SurvivalRow[];
  readonly quality: string;
}

/** What each window changed and what is left of it, its features below it. */
export function churnLines(rows: readonly ChurnRecord[], width: number): Line[] {
  const shown = rows.flatMap((row) => [windowShown(row), ...(row.by_feature ?? []).map(featureShown)]);
  const words =
    'left: share of added lines still there so many days after they reached the branch, and now; maturing: some are younger. ' +
    'quality: 1 − share gone after 14 days, from 0.50 to 1.00';
  return [...table(COLUMNS, shown, width), ...wrapWords(words, width, { tone: 'dim' })];
}

const COLUMNS: readonly Column<Shown>[] = [
  { head: 'window', cell: ({ name }) => ({ text: name }) },
  { head: 'commits', cell: ({ commits }) => ({ text: compact(commits) }), align: 'right' },
  { head: 'files', cell: ({ files }) => ({ text: compact(files) }), align: 'right' },
  { head: '+', cell: ({ insertions }) => ({ text: compact(insertions) }), align: 'right' },
  { head: '−', cell: ({ deletions }) => ({ text: compact(deletions) }), align: 'right' },
  { head: 'per feature', cell: ({ perFeature }) => ({ text: compact(perFeature) }), align: 'right' },
  ...[7, 14, 28].map((days): Column<Shown> => ({
    head: `left ${days}d`,
    cell: ({ survival }) => ({ text: survivalText(survival.find((one) => one.horizon_days === days)) }),
    align: 'right',
  })),
  { head: 'now', cell: ({ left }) => ({ text: left === null ? ABSENT : wholePct(left) }), align: 'right' },
  { head: 'quality', cell: ({ quality }) => ({ text: quality }), align: 'right' },
];

function windowShown(row: ChurnRecord): Shown {
  return {
    name: nameShown(row.window),
    commits: row.commits,
    files: row.files_changed,
    insertions: row.insertions,
    deletions: row.deletions,
    perFeature: row.normalized_churn ?? null,
    survival: row.survival ?? [],
    left: leftNow(row),
    quality: row.quality === null || row.quality === undefined ? ABSENT : decimals(row.quality),
  };
}

function featureShown({ feature_id: id, ...row }: FeatureRow): Shown {
  return {
    name: `  ${nameShown(id)}`,
    commits: row.commits,
    files: row.files_changed,
    insertions: row.insertions,
    deletions: row.deletions,
    perFeature: null,
    survival: row.survival ?? [],
    left: leftNow(row),
    quality: '',
  };
}

function leftNow({ survival, alive_lines: alive }: Pick<ChurnRecord, 'survival' | 'alive_lines'>): number | null {
  const added = survival?.[0]?.added ?? 0;
  return added === 0 || alive === undefined ? null : alive / added;
}

function survivalText(row: SurvivalRow | undefined): string {
  if (row === undefined) return ABSENT;
  const { survival = null, maturing_lines: maturing = 0 } = row;
  if (survival === null) return maturing > 0 ? 'maturing' : ABSENT;
  return `${wholePct(survival)}${maturing > 0 ? ' +' : ''}`;
}
