import type { ChurnRecord } from '@ccp/contracts';

/** Days after which a line that is still there counts as sound. */
export const QUALITY_DAYS = 14;
const WORST = 0.5;
const BEST = 1;

type SurvivalRow = NonNullable<ChurnRecord['survival']>[number];

/**
 * Quality of work by what became of it: 1 − normalised churn, clamped to [0.5, 1]. Normalised churn is the share of added
 * lines that were gone or rewritten 14 days after they landed. Null: no line was added, or some are younger than that; a
 * young line is not a sound one.
 */
export function qualityOf(survivals: readonly SurvivalRow[]): number | null {
  const churn = normalizedChurn14d(survivals);
  return churn === null ? null : Math.min(BEST, Math.max(WORST, 1 - churn));
}

/** Share of added lines that were gone 14 days after they landed, over several records at once; null: not yet known. */
export function normalizedChurn14d(survivals: readonly SurvivalRow[]): number | null {
  let [added, surviving] = [0, 0];
  for (const row of survivals.filter(({ horizon_days: days }) => days === QUALITY_DAYS)) {
    if ((row.maturing_lines ?? 0) > 0) return null;
    if (row.added === undefined || row.surviving === undefined) return null;
    added += row.added;
    surviving += row.surviving;
  }
  return added === 0 ? null : 1 - surviving / added;
}

/** How a window's quality is known. */
export interface KnownQuality {
  readonly quality: number | null;
  /** `maturing`: there are lines, and some are younger than 14 days. Null: nothing says anything. */
  readonly source: 'override' | 'churn' | 'maturing' | null;
}

/**
 * Quality of a window. What a person said when the window was finished stands; else its lines tell, over all repositories
 * that were measured for it, each by its newest row.
 */
export function windowQuality(said: number | null, churn: readonly ChurnRecord[]): KnownQuality {
  if (said !== null) return { quality: said, source: 'override' };
  const survivals = newestChurn(churn).flatMap((row) => row.survival ?? []);
  const quality = qualityOf(survivals);
  if (quality !== null) return { quality, source: 'churn' };
  const isMaturing = survivals.some((row) => row.horizon_days === QUALITY_DAYS && (row.maturing_lines ?? 0) > 0);
  return { quality: null, source: isMaturing ? 'maturing' : null };
}

/** The newest row of each window, repository and set of paths; later rows of the same measure replace earlier ones. */
export function newestChurn(rows: readonly ChurnRecord[]): readonly ChurnRecord[] {
  const newest = new Map<string, ChurnRecord>();
  for (const row of rows) {
    const key = churnIdentity(row);
    const known = newest.get(key);
    if (known === undefined || timeOf(row) >= timeOf(known)) newest.set(key, row);
  }
  return [...newest.values()];
}

/** What a row measures, whatever it found. A row of an earlier writer, without survival, stands for itself. */
export function churnIdentity({ window, repo_id: repo, paths = [], survival, ...row }: ChurnRecord): string {
  const measure = [window, repo ?? null, paths.toSorted()];
  const own = [row.provider ?? null, row.commit_start ?? null, row.commit_end ?? null];
  return JSON.stringify(survival === undefined ? [...measure, ...own] : measure);
}

function timeOf({ captured_at: at }: ChurnRecord): number {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? -Infinity : ms;
}
