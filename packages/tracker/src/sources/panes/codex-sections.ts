import { BREAK } from './clean.ts';

/** A labelled limit of the pane and the lines that belong to it. */
export interface LimitSection {
  /** As printed, such as `Weekly limit`. */
  readonly label: string;
  /** What stands after the colon up to the next label, line breaks kept. */
  readonly body: string;
  /** Minutes; null: no window, but a limit of credits or a name this reader does not know. */
  readonly windowMin: number | null;
  /** Name of the model the limit is for; null: for all. */
  readonly model: string | null;
  /** A monthly limit of credits. */
  readonly isCredits: boolean;
}

const LABEL = /^[^A-Za-z0-9]{0,4}(?:([A-Za-z0-9][^:[\]]{0,80}?)\s+)?limit\s?:(.*)$/i;
const WINDOW = /^(?:(.+?)[ ])?(?:(\d{1,3}) ?h|(daily|weekly|monthly|annual))$/i;
const CREDITS = /^(?:monthly )?credit$/i;
const MAX_BODY_LINES = 12;
const MINUTES: Readonly<Record<string, number>> = { daily: 1440, weekly: 10_080, monthly: 43_200, annual: 525_600 };

/**
 * Splits a pane at its labels. A label without a window and without anything after it is the heading of another bucket,
 * such as that of one model: the limits below it are not the account's.
 */
export function limitSections(lines: readonly string[]): readonly LimitSection[] {
  const sections: LimitSection[] = [];
  let heading: string | null = null;
  for (const [index, line] of lines.entries()) {
    const found = LABEL.exec(line);
    if (found === null) continue;
    // `Weekly` and `limit:` may stand on two lines.
    const name = (found[1] ?? lines[index - 1] ?? '').replaceAll(/\s+/g, ' ').trim();
    const body = bodyAt(lines, index, found[2] ?? '');
    const window = WINDOW.exec(name);
    const isCredits = CREDITS.test(name);
    if (window === null && !isCredits && body.trim() === '') {
      heading = name;
      continue;
    }
    sections.push({
      label: `${name} limit`,
      body,
      windowMin: window === null ? null : window[2] !== undefined ? Number(window[2]) * 60 : minutes(window[3]),
      model: window?.[1] ?? heading,
      isCredits,
    });
  }
  return sections;
}

function minutes(word: string | undefined): number | null {
  return MINUTES[word?.toLowerCase() ?? ''] ?? null;
}

function bodyAt(lines: readonly string[], index: number, rest: string): string {
  const body = [rest];
  for (const line of lines.slice(index + 1, index + MAX_BODY_LINES)) {
    if (LABEL.test(line) || line === BREAK) break;
    body.push(line);
  }
  // The start of a label that goes on in the next line is no part of this body, and does no harm in it.
  return body.join('\n');
}
