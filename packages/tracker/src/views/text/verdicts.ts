import type { QuotaStanding } from '../../rollups/quotas.ts';
import type { Tone } from './line.ts';

/** Symbol, word and tone of each verdict on a cap of ours; the symbol and the word carry it without colour. */
export const VERDICTS = {
  ok: { mark: '●', word: 'ok', tone: 'ok' },
  warn: { mark: '▲', word: 'warn', tone: 'warn' },
  block: { mark: '■', word: 'block', tone: 'block' },
} as const satisfies Record<QuotaStanding['verdict'], { mark: string; word: string; tone: Tone }>;
