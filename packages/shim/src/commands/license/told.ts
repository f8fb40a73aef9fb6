import { licenseMetadata, type LicenseVerdict } from '@ccp/contracts';
import { wrapWords, type Line } from '../text/line.ts';
import { paperOf } from '../text/terminal.ts';

/** A verdict in lines; its remedy when it denies. */
export function verdictLines(verdict: LicenseVerdict): Line[] {
  const { width } = paperOf(process.stdout, process.env);
  if (!verdict.ok) {
    const { reason, remedy } = verdict.denial;
    return wrapWords(`■ does not count: ${reason}. ${remedy}`, width, 'block');
  }
  const { plan = '', features = [], expires_at: until, key_id: key, license_id: id } = licenseMetadata(verdict);
  const text = `● counts: plan ${plan} with ${features.join(', ') || 'no features'}, until ${until} (key ${key})`;
  return [...wrapWords(text, width, 'ok'), [{ text: `  license id ${id}`, tone: 'dim' }]];
}
