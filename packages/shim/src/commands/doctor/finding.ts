import { wrapWords, type Line, type Tone } from '../text/line.ts';

export type Grade = 'ok' | 'warn' | 'bad';

/** What was looked at, what was found, and what to do about it. Never the value of a key. */
export interface Finding {
  readonly check: string;
  readonly grade: Grade;
  readonly found: string;
  /** Null: nothing needs to be done. */
  readonly remedy: string | null;
}

export function good(check: string, found: string): Finding {
  return { check, grade: 'ok', found, remedy: null };
}

export function warn(check: string, found: string, remedy: string): Finding {
  return { check, grade: 'warn', found, remedy };
}

export function bad(check: string, found: string, remedy: string): Finding {
  return { check, grade: 'bad', found, remedy };
}

export function worstOf(findings: readonly Finding[]): Grade {
  const has = (grade: Grade): boolean => findings.some((one) => one.grade === grade);
  return has('bad') ? 'bad' : has('warn') ? 'warn' : 'ok';
}

const MARKS: Readonly<Record<Grade, { readonly mark: string; readonly tone: Tone }>> = {
  ok: { mark: '● ok  ', tone: 'ok' },
  warn: { mark: '▲ warn', tone: 'warn' },
  bad: { mark: '■ bad ', tone: 'block' },
};

export function findingLines(findings: readonly Finding[], width: number): Line[] {
  const widest = Math.max(0, ...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, grade, found, remedy }): Line[] => {
    const { mark, tone } = MARKS[grade];
    const [first = [], ...rest] = wrapWords(`${mark} ${check.padEnd(widest)}  ${found}`, width);
    const marked: Line = [{ text: mark, tone }, { text: (first[0]?.text ?? '').slice(mark.length) }];
    return [marked, ...rest, ...(remedy === null ? [] : remedyLines(remedy, width))];
  });
  const counts = (grade: Grade): number => findings.filter((one) => one.grade === grade).length;
  const summary = `${counts('ok')} ok, ${counts('warn')} to look at, ${counts('bad')} to mend`;
  return [...lines, [{ text: summary, tone: MARKS[worstOf(findings)].tone }]];
}

function remedyLines(remedy: string, width: number): Line[] {
  const indent = '       ';
  return wrapWords(`→ ${remedy}`, width - indent.length, 'bold').map((line) => [{ text: indent }, ...line]);
}
