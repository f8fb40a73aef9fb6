import { localZone } from './option-values.ts';
import { paneParsers } from '../sources/panes/pane-parsers.ts';
import type { PaneReading } from '../sources/panes/pane.ts';
import type { AliasPane } from '../rollups/windows/alias.ts';

/** What a pasted text of a provider says. `nowAt`: when the meters stood so (ISO 8601). */
export function paneOf(provider: 'codex' | 'claude' | 'glm', text: string, nowAt: string): AliasPane & PaneReading {
  const read = paneParsers[provider](text, { observedAt: nowAt, timeZone: localZone() });
  const prompts: unknown = 'prompts_used' in read.parsed ? read.parsed['prompts_used'] : null;
  return {
    ...read,
    raw_text: text,
    parsed: { ...read.parsed },
    ...(provider === 'glm' && { prompts: typeof prompts === 'number' ? prompts : null }),
  };
}
