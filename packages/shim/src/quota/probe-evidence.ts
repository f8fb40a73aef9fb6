import type { FitPair } from './fit.ts';

/** What one probe has measured, as it lies in the database until a running shim, or the next one, takes it over. */
export interface ProbeEvidence {
  readonly version: 1;
  readonly lane: string;
  readonly model: string;
  readonly fits: readonly { readonly meter: string; readonly pairs: readonly Omit<FitPair, 'source'>[] }[];
}

/**
 * Each probe has a state of its own under this beginning. In one state for all, or in calibration itself, whoever writes
 * last would win: the server writes what it knows, and what a probe put there a moment before would be gone.
 */
export const PROBE_STATE = 'calibration_probe:';

/** Null: nothing that can be used, such as what was taken over before. */
export function probeEvidenceOf(json: unknown): ProbeEvidence | null {
  const evidence = json as Partial<ProbeEvidence> | null;
  if (typeof evidence !== 'object' || evidence?.version !== 1) return null;
  const { lane, model, fits } = evidence;
  if (typeof lane !== 'string' || typeof model !== 'string' || !Array.isArray(fits)) return null;
  return fits.every(isFit) ? { version: 1, lane, model, fits } : null;
}

function isFit(fit: unknown): fit is ProbeEvidence['fits'][number] {
  const { meter, pairs } = (fit ?? {}) as { readonly meter?: unknown; readonly pairs?: unknown };
  return typeof meter === 'string' && Array.isArray(pairs) && pairs.every(isPair);
}

function isPair(pair: unknown): boolean {
  const { tokens, moved } = (pair ?? {}) as { readonly tokens?: unknown; readonly moved?: unknown };
  return typeof tokens === 'number' && typeof moved === 'number';
}
