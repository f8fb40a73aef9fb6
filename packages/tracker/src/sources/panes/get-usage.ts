import { limitList, modelScoped, namedWindows } from './claude-json.ts';
import { addClaudeWindows } from './claude-meters.ts';
import type { ClaudeOrigin, ClaudeParsed, ClaudeWindow } from './claude-meters.ts';
import { amountAt, fieldsAt, isFields, resetField, sharePp, textAt } from './json-fields.ts';
import type { Fields } from './json-fields.ts';
import { objectsOf } from './json-lines.ts';
import { addMeter } from './meter.ts';
import type { Look, PaneReading } from './pane.ts';
import { Sight } from './pane.ts';

const FIELDS = { share: 'utilization', unit: 'percent-used', resets: 'resets_at' } as const;

/**
 * Reads the answer to a `get_usage` control request, alone or among the other lines of a stream: `rate_limits` with
 * utilization 0–100 and ISO resets. The last answer counts. Problems: invalid-json, usage-not-loaded, vendor-error,
 * insufficient-data, divergent, meter-unknown, percent-out-of-range, percent-unreadable, reset-unreadable,
 * window-expired.
 */
export function parseGetUsage(text: string, when: Look): PaneReading<ClaudeParsed> {
  const sight = new Sight(text, when);
  const { objects } = objectsOf(sight, text);
  const answer = objects.map(({ fields }) => answerOf(fields)).findLast((found) => found !== null) ?? null;
  const windows = answer === null ? [] : readAnswer(sight, answer);
  if (answer === null) {
    sight.note({ code: 'invalid-json', message: 'the text holds no answer to get_usage', remedy: 'Give it unchanged' });
  }
  return sight.end(addClaudeWindows(sight, windows, ORIGIN));
}

const ORIGIN = { source: 'get_usage', confidence: 'official' } as const;

type Answer = { readonly error: string } | { readonly usage: Fields };

/** The message itself, the control response around it, or only what is inside; null: another message. */
function answerOf(message: Fields): Answer | null {
  const response = message['type'] === 'control_response' ? fieldsAt(message, 'response') : message;
  if (response['subtype'] === 'error') return { error: textAt(response, 'error') ?? 'without a reason' };
  const usage = isFields(response['response']) ? response['response'] : response;
  return 'rate_limits' in usage || 'rate_limits_available' in usage ? { usage } : null;
}

function readAnswer(sight: Sight, answer: Answer): readonly ClaudeWindow[] {
  if ('error' in answer) {
    sight.note({ code: 'vendor-error', message: `get_usage was refused: ${answer.error}` });
    return [];
  }
  const { usage } = answer;
  if (usage['rate_limits_available'] === false || usage['rate_limits'] === null) {
    sight.note({ code: 'usage-not-loaded', message: 'Claude Code has no rate limits for this login' });
    return [];
  }
  return readUtilization(sight, fieldsAt(usage, 'rate_limits'), ORIGIN);
}

/** The windows of a `rate_limits` or `utilization` object, and its extra usage as a meter of credits. */
export function readUtilization(sight: Sight, limits: Fields, origin: ClaudeOrigin): readonly ClaudeWindow[] {
  const windows = [...namedWindows(sight, limits, FIELDS), ...modelScoped(sight, limits), ...limitList(sight, limits)];
  const extra = fieldsAt(limits, 'extra_usage');
  const hasExtra = extra['is_enabled'] !== false && typeof extra['utilization'] === 'number';
  if (hasExtra) addExtra(sight, extra, origin);
  if (windows.length === 0 && !hasExtra) {
    sight.note({ code: 'insufficient-data', message: 'the usage names no window' });
  }
  return windows;
}

function addExtra(sight: Sight, extra: Fields, origin: ClaudeOrigin): void {
  const meter = 'extra_usage';
  addMeter(sight, {
    ...origin,
    provider: 'claude',
    scope: 'credits',
    windowMin: null,
    usedPp: sharePp(sight, extra['utilization'], 'percent-used', meter),
    used: amountAt(extra, 'used_credits'),
    limit: amountAt(extra, 'monthly_limit'),
    unit: 'credits',
    resetsAt: resetField(sight, extra['resets_at'], meter),
    meter,
  });
}
