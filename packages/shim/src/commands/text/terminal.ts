import type { Environment } from '../../config/settings.ts';
import { renderLine, type Line } from './line.ts';

/** Where it is drawn. */
export interface Paper {
  /** Cells per line. */
  readonly width: number;
  readonly colour: boolean;
  /** IANA time zone of clock times. */
  readonly tz: string;
}

const UNKNOWN_WIDTH = 100;
const NARROWEST = 20;

/** A pipe has no width of its own: COLUMNS, else 100. */
export function paperOf(
  stdout: { readonly isTTY?: boolean; readonly columns?: number | undefined },
  env: Environment,
): Paper {
  const isTerminal = stdout.isTTY === true;
  const told = Number((isTerminal ? stdout.columns : env['COLUMNS']) ?? 0);
  const width = Number.isInteger(told) && told > 0 ? told : UNKNOWN_WIDTH;
  return {
    width: Math.max(NARROWEST, width),
    colour: isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    tz: new Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

export function onPaper(lines: readonly Line[], { width, colour }: Paper): string[] {
  return lines.map((line) => renderLine(line, width, colour));
}

export function print(lines: readonly Line[]): void {
  process.stdout.write(`${onPaper(lines, paperOf(process.stdout, process.env)).join('\n')}\n`);
}

export function printJson(data: unknown): void {
  process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
}
