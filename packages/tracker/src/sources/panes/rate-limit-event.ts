import { namedWindows } from './claude-json.ts';
import { addClaudeWindows } from './claude-meters.ts';
import type { ClaudeParsed } from './claude-meters.ts';
import { fieldsAt } from './json-fields.ts';
import { objectsOf } from './json-lines.ts';
import type { Look, PaneReading } from './pane.ts';
import { Sight } from './pane.ts';

const FIELDS = { share: 'utilization', unit: 'fraction-used', resets: 'resetsAt' } as const;

/**
 * Reads the last `rate_limit_event` of a stream of Claude Code. Here utilization is a fraction, 0 to 1, and resets are
 * epoch seconds. `unifiedWindows` names all windows; without it the event tells of one. Problems: insufficient-data,
 * meter-unknown, percent-out-of-range, reset-unreadable, window-expired.
 */
export function parseRateLimitEvent(text: string, when: Look): PaneReading<ClaudeParsed> {
  const sight = new Sight(text, when);
  const { objects } = objectsOf(sight, text);
  const event = objects.findLast(({ fields }) => fields['type'] === 'rate_limit_event' || 'rate_limit_info' in fields);
  const info = fieldsAt(event?.fields, 'rate_limit_info');
  const unified = fieldsAt(info, 'unifiedWindows');
  const type = info['rateLimitType'];
  // While all is well the event gives no utilization: then it is no reading, not an empty window.
  const only = typeof type === 'string' && typeof info['utilization'] === 'number' ? { [type]: info } : {};
  const windows = namedWindows(sight, Object.keys(unified).length > 0 ? unified : only, FIELDS);
  if (windows.length === 0) sight.note({ code: 'insufficient-data', message: 'no event tells how much is used' });
  const status = typeof info['status'] === 'string' ? info['status'] : null;
  const origin = { source: 'rate_limit_event', confidence: 'official', status } as const;
  return sight.end(addClaudeWindows(sight, windows, origin));
}
