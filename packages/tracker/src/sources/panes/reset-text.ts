/** A reset as a pane prints it: a time of day, often a date, seldom a year or a zone. */
export interface ResetText {
  readonly hour: number;
  readonly minute: number;
  /** From 1, with `day`; null: only a time of day was printed. */
  readonly month: number | null;
  readonly day: number | null;
  readonly year: number | null;
  readonly zone: string | null;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH =
  '(?<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
const TIME = '(?<hour>\\d{1,2})(?::(?<minute>\\d{2}))?(?<half>[ap]m)?';
const ZONE = '(?:\\((?<zone>[^()]+)\\))?';
const DAY = '(?<day>\\d{1,2})';
const YEAR = '(?<year>20\\d{2})';

// Without white space: a wrapped line may have lost or gained it anywhere.
const LAYOUTS = [
  `${TIME}`,
  `${MONTH}${DAY}(?:,${YEAR})?(?:,|at|,at)${TIME}`,
  `${TIME}on${DAY}${MONTH}(?:,?${YEAR})?`,
  `${TIME}on${MONTH}${DAY}(?:,${YEAR})?`,
].map((layout) => new RegExp(`^${layout}${ZONE}$`, 'i'));

const MAX_RESET_CHARS = 120;

/** Reads `8:59pm (Europe/Berlin)`, `Oct 20, 2am`, `Jan 2, 2026, 10:59pm`, `13:01`, `21:29 on 19 Oct`; else null. */
export function readResetText(text: string): ResetText | null {
  if (text.length > MAX_RESET_CHARS) return null;
  const compact = text.replaceAll(/\s+/g, '');
  for (const layout of LAYOUTS) {
    const groups = layout.exec(compact)?.groups;
    if (groups !== undefined) return fieldsOf(groups);
  }
  return null;
}

function fieldsOf(groups: Readonly<Record<string, string | undefined>>): ResetText | null {
  const { hour: hourText, minute: minuteText, half, month: monthText, day, year, zone } = groups;
  // A bare `13` is half of a time.
  if (half === undefined && minuteText === undefined) return null;
  const printed = Number(hourText);
  const minute = Number(minuteText ?? 0);
  const hour = half === undefined ? printed : (printed % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
  if (minute > 59 || (half === undefined ? printed > 23 : printed < 1 || printed > 12)) return null;
  const month = monthText === undefined ? null : MONTHS.indexOf(monthText.slice(0, 3).toLowerCase()) + 1;
  if (day !== undefined && (Number(day) < 1 || Number(day) > 31)) return null;
  return {
    hour,
    minute,
    month,
    day: day === undefined ? null : Number(day),
    year: year === undefined ? null : Number(year),
    zone: zone ?? null,
  };
}

/** The text in one line, as it was before it was wrapped: spaces where the layouts have them. */
export function inOneLine(text: string): string {
  if (!text.includes('\n')) return text.trim().replaceAll(/\s+/g, ' ');
  if (readResetText(text) === null) return text.trim().replaceAll(/\s+/g, ' ');
  return text
    .replaceAll(/\s+/g, '')
    .replaceAll(/,/g, ', ')
    .replace('(', ' (')
    .replace(/^([^(]*?)on(?=\d|[A-Z])/i, '$1 on ')
    .replace(
      new RegExp(`^([^(]*?)${MONTH}(\\d)`, 'i'),
      (_all, before: string, month: string, digit: string) => `${before}${month} ${digit}`,
    )
    .replace(new RegExp(`(\\d)${MONTH}`, 'i'), '$1 $2');
}
