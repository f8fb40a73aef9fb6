import { amountAt, documentOf, isFields, listAt } from './json-fields.ts';
import type { Look, PaneReading, Parsed } from './pane.ts';
import { Sight } from './pane.ts';

/** Prompts of GLM, as blocks of `ccusage` JSON count them. */
export interface GlmBlocks extends Parsed {
  /** Null: no block gives a number. */
  readonly prompts_used: number | null;
  readonly blocks: number;
}

/** Reads `{blocks: [{prompts_used, …}]}` and adds up the prompts. Problems: invalid-json, invalid-blocks, no-blocks. */
export function parseGlmBlocks(text: string, when: Look): PaneReading<GlmBlocks> {
  const sight = new Sight(text, when);
  const document = documentOf(sight, text);
  if (document === undefined) return sight.end({ prompts_used: null, blocks: 0 });
  if (!isFields(document) || !Array.isArray(document['blocks'])) {
    sight.note({
      code: 'invalid-blocks',
      message: 'the document has no list of blocks',
      remedy: 'Give `ccusage blocks --json`',
    });
    return sight.end({ prompts_used: null, blocks: 0 });
  }
  const blocks = listAt(document, 'blocks');
  const prompts = blocks.map((block) => amountAt(block, 'prompts_used'));
  const known = prompts.filter((one): one is number => one !== null);
  if (blocks.length === 0) sight.note({ code: 'no-blocks', message: 'the list of blocks is empty' });
  else if (known.length < document['blocks'].length) {
    const without = document['blocks'].length - known.length;
    sight.note({
      code: 'invalid-blocks',
      message: `${without} of ${document['blocks'].length} blocks give no prompts_used; the sum is not used`,
    });
  }
  const isWhole = known.length > 0 && known.length === document['blocks'].length;
  const sum = isWhole ? known.reduce((total, one) => total + one, 0) : null;
  if (sum !== null)
    sight.add({
      provider: 'glm',
      account: when.account ?? null,
      scope: 'all',
      window_min: null,
      used_pp: null,
      used: sum,
      unit: 'prompts',
      resets_at: null,
      observed_at: when.observedAt,
      source: 'ccusage',
      confidence: 'local',
      meter: 'blocks',
    });
  return sight.end({ prompts_used: sum, blocks: blocks.length });
}
