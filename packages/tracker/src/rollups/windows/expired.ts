import type { Parsed } from './meter-field.ts';

/** How panes and machine outputs call the meters that snapshots keep under these fields. */
const NAMES: ReadonlyMap<string, RegExp> = new Map([
  ['fiveh_pct', /^5h limit$|^all 300 min$/i],
  ['weekly_pct', /^weekly limit$|^all 10080 min$/i],
  ['session_pct', /^current session$|five_hour|5h/i],
  ['all_models_pct', /^current week(?: \(all ?models\))?$|^seven_day$/i],
  ['opus_pct', /opus/i],
]);

/** Whether a reading names the window of a meter as over: its number is of a window that was gone when it was read. */
export function isExpired(field: string, parsed: Parsed): boolean {
  const { expired } = parsed;
  if (!Array.isArray(expired)) return false;
  const name = NAMES.get(field);
  return expired.some((one) => one === field || (typeof one === 'string' && name?.test(one) === true));
}
