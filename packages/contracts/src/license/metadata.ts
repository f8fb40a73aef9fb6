import type { LicenseState } from '../generated/types.ts';
import { atText } from './denial.ts';
import type { LicenseVerdict } from './verify-license.ts';

/** What may be said of a license: plan, features, end and key; never the pack, its signature or whom it is for. */
export function licenseMetadata(verdict: LicenseVerdict): LicenseState {
  if (!verdict.ok) return { ok: false, code: verdict.denial.code, reason: verdict.denial.reason };
  const { claims, keyId, licenseId } = verdict.license;
  return {
    ok: true,
    plan: claims.plan,
    features: [...claims.features],
    expires_at: atText(claims.exp),
    key_id: keyId,
    license_id: licenseId,
  };
}
