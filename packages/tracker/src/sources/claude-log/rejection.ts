import { isFields, textAt } from '../panes/json-fields.ts';
import type { Fields } from '../panes/json-fields.ts';
import { NONE } from './answer.ts';
import type { Rejection, TranscriptLine } from './answer.ts';

/**
 * A record of the client about a request that was refused: for a limit, which is a rejection, or for something else,
 * which is nothing. Newer clients write the limit as a field, older ones a sentence only.
 */
export function rejectionOf(line: Fields, message: Fields): TranscriptLine {
  const ts = typeof line['timestamp'] === 'string' ? Date.parse(line['timestamp']) / 1000 : NaN;
  if (!Number.isFinite(ts)) return NONE;
  const said = saidBy(line, message);
  if (said === null) return NONE;
  const rejection = { ts, sessionId: textAt(line, 'sessionId') ?? '', requestId: textAt(line, 'requestId'), ...said };
  return { kind: 'rejection', rejection };
}

type Said = Pick<Rejection, 'limit' | 'resetsTs' | 'evidence'>;

function saidBy(line: Fields, message: Fields): Said | null {
  const limits = line['quotaLimits'];
  if (isFields(limits) && limits['status'] === 'rejected') {
    const resetsTs = epochOf(limits['resetsAt']);
    return { limit: textAt(limits, 'rateLimitType'), resetsTs, evidence: 'quota-limits' };
  }
  const text = textIn(message['content']);
  const reached = LIMIT_REACHED.exec(text);
  if (reached !== null) {
    const resetsTs = reached[1] === undefined ? null : epochOf(Number(reached[1]));
    return { limit: null, resetsTs, evidence: line['error'] === 'rate_limit' ? 'error-kind' : 'text' };
  }
  if (line['error'] === 'rate_limit') return { limit: null, resetsTs: null, evidence: 'error-kind' };
  return REFUSED.test(text) ? { limit: null, resetsTs: null, evidence: 'text' } : null;
}

/** `Claude AI usage limit reached|1790000000`, `5-hour limit reached ∙ resets 3pm`, `You've hit your session limit`. */
const LIMIT_REACHED = /limit reached(?:\|(\d{9,11})\b)?|\bhit your [\w\s-]{0,30}limit\b/i;
const REFUSED = /^API Error:?\s*(?:\(?429\b|Request rejected \(429\)|Rate limit)|"rate_limit_error"/i;

function textIn(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  const texts = content.map((block: unknown) => (isFields(block) ? (textAt(block, 'text') ?? '') : ''));
  return texts.join('\n');
}

/** Epoch seconds in a plausible range; null: it is none. */
function epochOf(value: unknown): number | null {
  return typeof value === 'number' && value > 1e9 && value < 1e11 ? value : null;
}
