import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import { unreadable } from './find-archive.ts';
import { parsed } from './json-fragments.ts';
import type { FileReport } from './read-log.ts';

/** A summary that a script of the original program made of a usage log. */
export interface MetricsFile extends FileReport {
  /** Exchanges it counted: a check, and no number of features; null: it does not say. */
  readonly total: number | null;
}

/** Reads `METRICS*.json`. */
export function readMetrics(file: string): MetricsFile {
  const none = { file, kind: 'metrics', lines: 0, turns: 0, passed: {} } as const;
  const bad = (problem: Omit<Problem, 'file'>): MetricsFile => ({
    ...none,
    bytes: 0,
    total: null,
    problems: [{ ...problem, file }],
  });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return bad(unreadable(file, code));
  }
  if (text.trim() === '') return bad({ code: 'empty-text', message: `${file} is empty` });
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return bad({ code: 'not-json', message: `${file} is no JSON object`, remedy: 'Make it anew from its log' });
  const { total } = value as { readonly total?: unknown };
  const count = typeof total === 'number' && Number.isFinite(total) && total >= 0 ? total : null;
  const problems: readonly Problem[] =
    count === null ? [{ code: 'line-not-usable', file, message: `${file} does not say its total` }] : [];
  return { ...none, bytes: Buffer.byteLength(text), lines: 1, total: count, problems };
}
