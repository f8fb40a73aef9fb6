import { amountAt, documentOf, isFields, textAt } from './json-fields.ts';
import { addMeter } from './meter.ts';
import type { Look, PaneReading, Parsed } from './pane.ts';
import { Sight } from './pane.ts';

/** What blocks of GLM prompts come to. */
export interface GlmBlocks extends Parsed {
  /** Null: not known, which is not none. */
  readonly prompts_used: number | null;
  readonly blocks: number;
}

/**
 * Sums the prompts of `{blocks: [{window_id, provider, prompts_used, duration_minutes, notes}]}`. One unreadable block
 * makes the sum unknown: a part of it would look like all. Problems: invalid-json, invalid-blocks, no-blocks.
 */
export function parseGlmBlocks(text: string, when: Look): PaneReading<GlmBlocks> {
  const sight = new Sight(text, when);
  const document = documentOf(sight, text);
  const blocks = isFields(document) ? document['blocks'] : undefined;
  if (document !== undefined && !Array.isArray(blocks)) {
    sight.note({ code: 'invalid-blocks', message: 'the document has no list of blocks', remedy: REMEDY });
  }
  const counts = Array.isArray(blocks) ? blocks.map((block) => promptsOf(block)) : [];
  if (Array.isArray(blocks) && counts.length === 0)
    sight.note({ code: 'no-blocks', message: 'the list of blocks is empty' });
  const unreadable = counts.findIndex((count) => count === null);
  if (unreadable >= 0) {
    const pointer = `/blocks/${unreadable}`;
    sight.note({ code: 'invalid-blocks', message: `block ${unreadable} gives no count of GLM prompts`, pointer });
  }
  const known =
    counts.length === 0 || unreadable >= 0 ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  if (known !== null) {
    addMeter(sight, {
      provider: 'glm',
      scope: 'all',
      windowMin: null,
      usedPp: null,
      used: known,
      unit: 'prompts',
      resetsAt: null,
      source: 'ccusage',
      confidence: 'local',
      meter: 'blocks',
    });
  }
  return sight.end({ prompts_used: known, blocks: counts.length });
}

const REMEDY = 'Give `ccusage blocks --json`';

/** Prompts of a block; null where there is no count, or it counts another provider's prompts. */
function promptsOf(block: unknown): number | null {
  if (!isFields(block)) return null;
  const provider = textAt(block, 'provider');
  return provider === null || /glm|z\.?ai|zhipu|bigmodel/i.test(provider) ? amountAt(block, 'prompts_used') : null;
}
