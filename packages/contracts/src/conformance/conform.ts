import { GATEWAY_RULES } from './gateway-rules.ts';
import { HTTP_RULES } from './http-rules.ts';
import { Broken } from './rule.ts';
import type { Rule, Subject } from './rule.ts';

export type RuleGroup = 'http' | 'gateway';

export const RULES: Readonly<Record<RuleGroup, readonly Rule[]>> = { http: HTTP_RULES, gateway: GATEWAY_RULES };

export interface RuleResult {
  readonly id: string;
  readonly group: RuleGroup;
  readonly says: string;
  readonly result: 'pass' | 'fail' | 'not-tried';
  /** What was seen instead, or why it was not tried; null where it holds. */
  readonly seen: string | null;
}

/** Tries the rules one after the other: the provider plays one part at a time. */
export async function conform(
  subject: Subject,
  groups: readonly RuleGroup[],
  onResult: (result: RuleResult) => void,
): Promise<readonly RuleResult[]> {
  const results: RuleResult[] = [];
  for (const group of groups) {
    for (const rule of RULES[group]) {
      const result = await tried(rule, group, subject);
      results.push(result);
      onResult(result);
    }
  }
  return results;
}

async function tried(rule: Rule, group: RuleGroup, subject: Subject): Promise<RuleResult> {
  const { id, says } = rule;
  if (rule.needsProvider && subject.provider === null)
    return { id, group, says, result: 'not-tried', seen: 'needs a gateway that was configured for --provider-port' };
  try {
    await rule.check(subject);
    return { id, group, says, result: 'pass', seen: null };
  } catch (error) {
    return { id, group, says, result: 'fail', seen: seenIn(error) };
  }
}

/** What a gateway does wrong can look like anything: an unexpected error is what was seen, too. */
function seenIn(error: unknown): string {
  if (error instanceof Broken) return error.message;
  if (error instanceof SyntaxError) return 'the body is no JSON';
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : `${message} (${code})`;
}
