import { namedWindows } from './claude-json.ts';
import { addClaudeWindows } from './claude-meters.ts';
import type { ClaudeParsed } from './claude-meters.ts';
import { documentOf, fieldsAt, isFields } from './json-fields.ts';
import type { Look, PaneReading } from './pane.ts';
import { Sight } from './pane.ts';

const FIELDS = { share: 'used_percentage', unit: 'percent-used', resets: 'resets_at' } as const;

/**
 * Reads what Claude Code hands to a statusline on stdin: `rate_limits.{five_hour,seven_day}.{used_percentage 0–100,
 * resets_at epoch s}`. Either may be absent, and both are before the first answer and on API keys. Problems:
 * invalid-json, insufficient-data, percent-out-of-range, percent-unreadable, meter-unknown, reset-unreadable,
 * window-expired.
 */
export function parseStatusline(text: string, when: Look): PaneReading<ClaudeParsed> {
  const sight = new Sight(text, when);
  const document = documentOf(sight, text);
  const windows = namedWindows(sight, fieldsAt(document, 'rate_limits'), FIELDS);
  if (document !== undefined && windows.length === 0) {
    const message = isFields(document) ? 'it carries no rate limits' : 'it is no statusline input';
    sight.note({ code: 'insufficient-data', message, remedy: 'They come with the first answer of a subscription' });
  }
  return sight.end(addClaudeWindows(sight, windows, { source: 'statusline', confidence: 'official' }));
}
