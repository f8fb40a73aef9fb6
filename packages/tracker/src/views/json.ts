import type { Problem } from '../problem.ts';
import type { Overview } from '../rollups/overview.ts';

/** The overview with exact numbers, and what is worth knowing, as one JSON object. */
export function previewJson(overview: Overview | null, problems: readonly Problem[]): string {
  return JSON.stringify({ overview, problems });
}
