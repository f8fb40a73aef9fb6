import type { ChurnRecord, WindowRecord } from '@ccp/contracts';
import { complexityOf } from './complexity.ts';
import type { Baseline } from './complexity.ts';
import { interactionOf } from './interaction.ts';
import type { InteractionTurn } from './interaction.ts';
import { normalizedChurn14d, qualityOf } from './quality.ts';
import type { FeatureChurn, WindowChurn } from './window-churn.ts';

/** What a person or the window's own row says beside the commits. */
export interface RowFacts {
  readonly capturedAt: string;
  readonly repoId: string | null;
  /** The window's row; null: it is not finished. */
  readonly record: WindowRecord | null;
  readonly features?: number;
  readonly provider?: string;
  readonly methodology?: string;
  readonly commitStart: string | null;
  readonly commitEnd: string;
  readonly excludedCommits: number;
  /** What is usual in the repository; null: too few features, or only a part of it was measured. */
  readonly baseline: Baseline | null;
  /** Turns of the window. */
  readonly turns: readonly InteractionTurn[];
  readonly paths?: readonly string[];
  readonly notes?: string;
}

/**
 * A row of churn.jsonl. Normalised churn is (insertions + deletions) per feature, null without features: a difference
 * would pay for deletions. Features are those a person gives, else those of the window's row, else the ids that are
 * tagged.
 */
export function churnRow(churn: WindowChurn, facts: RowFacts): ChurnRecord {
  const { features, source } = featureCount(churn, facts);
  const interaction = interactionOf(facts.turns, features);
  const methodology = facts.methodology ?? facts.record?.methodology ?? churn.methodology ?? undefined;
  return {
    window: churn.window,
    provider: facts.provider ?? providerOf(facts.record),
    ...(methodology !== undefined && { methodology }),
    ...(facts.commitStart !== null && { commit_start: facts.commitStart }),
    commit_end: facts.commitEnd,
    files_changed: churn.files_changed,
    insertions: churn.insertions,
    deletions: churn.deletions,
    net: churn.net,
    features,
    normalized_churn: changedPerFeature(churn, features),
    captured_at: facts.capturedAt,
    notes: facts.notes ?? '',
    source: 'churn',
    ...(facts.paths !== undefined && { paths: [...facts.paths] }),
    alive_lines: churn.alive_lines,
    survival: churn.survival.map((row) => ({ ...row })),
    commits: churn.commits,
    excluded_commits: facts.excludedCommits,
    ...(facts.repoId !== null && { repo_id: facts.repoId }),
    features_source: source,
    normalized_churn_14d: normalizedChurn14d(churn.survival),
    quality: qualityOf(churn.survival),
    ...(interaction !== null && {
      impf: interaction.impf,
      interaction_minutes: interaction.minutes,
      interaction_source: interaction.source,
    }),
    by_feature: churn.features.map((feature) => featureRow(feature, facts.baseline)),
  };
}

type FeatureRow = NonNullable<ChurnRecord['by_feature']>[number];

function featureRow(churn: FeatureChurn, baseline: Baseline | null): FeatureRow {
  const { feature, window: _window, net: _net, landed_ts: _landed, cls_parts: parts, survival, ...rest } = churn;
  const { cls, known_weight: weight, baseline_features: features } = complexityOf(parts, baseline);
  return {
    feature_id: feature,
    ...rest,
    survival: survival.map((one) => ({ ...one })),
    cls,
    cls_known_weight: weight,
    cls_baseline_features: features,
    cls_parts: { ...parts },
  };
}

/** (Insertions + deletions) per feature; null: no features. */
export function changedPerFeature(
  { insertions, deletions }: { readonly insertions: number; readonly deletions: number },
  features: number | null,
): number | null {
  return features === null || features <= 0 ? null : (insertions + deletions) / features;
}

function featureCount(
  { features: tagged }: WindowChurn,
  { features, record }: RowFacts,
): { readonly features: number | null; readonly source: 'given' | 'window' | 'tags' | 'none' } {
  if (features !== undefined) return { features, source: 'given' };
  const recorded = Object.values(record?.features ?? {});
  if (recorded.length > 0) return { features: recorded.reduce((sum, value) => sum + value, 0), source: 'window' };
  return tagged.length > 0 ? { features: tagged.length, source: 'tags' } : { features: null, source: 'none' };
}

/** The one provider that built features; `multi`: several; `unknown`: none is told. */
function providerOf(record: WindowRecord | null): string {
  const active = Object.entries(record?.features ?? {}).filter(([, features]) => features > 0);
  const [first, ...more] = active;
  return first === undefined ? 'unknown' : more.length > 0 ? 'multi' : first[0];
}
