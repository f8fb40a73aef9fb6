import type { PolicyVerdict } from '@ccp/contracts';
import { wrapWords, type Line } from '../text/line.ts';
import { paperOf } from '../text/terminal.ts';

export function policyLines(verdict: PolicyVerdict): Line[] {
  const { width } = paperOf(process.stdout, process.env);
  if (!verdict.ok) return wrapWords(`■ ${verdict.denial.reason}. ${verdict.denial.remedy}`, width, 'block');
  const { policy, keyId } = verdict.policy;
  return [
    ...wrapWords(`● policy ${policy.version} until ${policy.expiresAt} (key ${keyId})`, width, 'ok'),
    ...policy.routing.map(({ pattern, lane }) => [{ text: `  ${pattern} → ${lane}` }]),
  ];
}

export function policyJson(verdict: PolicyVerdict): object {
  if (!verdict.ok) return { ok: false, code: verdict.denial.code, reason: verdict.denial.reason };
  const { policy, keyId } = verdict.policy;
  return { ok: true, version: policy.version, expires_at: policy.expiresAt, key_id: keyId, routing: policy.routing };
}
