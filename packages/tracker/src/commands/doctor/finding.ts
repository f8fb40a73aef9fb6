import { problemLine } from '../../problem.ts';
import type { Problem } from '../../problem.ts';
import { wrapWords } from '../../views/text/line.ts';
import type { Line, Tone } from '../../views/text/line.ts';

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

/** A problem of the tracker as a finding. */
export function ofProblem(check: string, grade: 'warn' | 'bad', { message, remedy }: Problem): Finding {
  return { check, grade, found: problemLine({ code: 'unusable-input', message }), remedy: remedy ?? 'tracker verify' };
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

/** One finding after the other, the remedy below, and how many there are. */
export function findingLines(findings: readonly Finding[], width: number): Line[] {
  const widest = Math.max(0, ...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, grade, found, remedy }): Line[] => {
    const { mark, tone } = MARKS[grade];
    const words = wrapWords(`${check.padEnd(widest)}  ${found}`, Math.max(20, width - mark.length - 1));
    const marked = words.map((line, nth): Line => [
      nth === 0 ? { text: mark, tone } : { text: ' '.repeat(mark.length) },
      { text: ' ' },
      ...line,
    ]);
    const remedies = remedy === null ? [] : wrapWords(`→ ${remedy}`, width, { indent: mark.length + 1, tone: 'bold' });
    return [...marked, ...remedies];
  });
  const count = (grade: Grade): number => findings.filter((one) => one.grade === grade).length;
  const sum = `${count('ok')} ok, ${count('warn')} to look at, ${count('bad')} to mend`;
  return [...lines, [{ text: sum, tone: MARKS[worstOf(findings)].tone }]];
}
