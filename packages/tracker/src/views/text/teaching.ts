import type { Line } from './line.ts';
import { pieces, wrapWords } from './line.ts';
import { cellsOf } from './cells.ts';
import { printable } from '../../printable.ts';

/** Shown when there is nothing at all: what to type, in order. */
export function noReading(shimUrl: string, width: number): Line[] {
  return [
    ...wrapWords(`No shim answers at ${printable(shimUrl)}, and no earlier reading is kept.`, width),
    ...wrapWords('1. Start it:', width),
    ...toType(startLine(shimUrl), width),
    ...wrapWords('2. In the shell of your agent:', width),
    ...toType(exportLine(shimUrl), width),
    ...wrapWords('3. Look again:', width),
    ...toType('tracker preview', width),
  ];
}

/** Shown when the shim has not seen a request. */
export function noRequests(shimUrl: string, width: number): Line[] {
  return [...wrapWords('No requests yet. In the shell of your agent:', width), ...toType(exportLine(shimUrl), width)];
}

function startLine(shimUrl: string): string {
  const port = URL.canParse(shimUrl) ? new URL(shimUrl).port : '';
  return port === '' || port === '8082' ? 'shim serve' : `shim serve --port ${port}`;
}

function exportLine(shimUrl: string): string {
  return `export ANTHROPIC_BASE_URL=${printable(shimUrl)}`;
}

/** A command that can be copied at any width: a longer one goes on after a backslash, which the shell joins again. */
export function toType(command: string, width: number): Line[] {
  const indent = 4;
  if (indent + cellsOf(command) <= width) return [[{ text: ' '.repeat(indent) + command, tone: 'bold' }]];
  const parts = pieces(command, width - 1);
  return parts.map((part, at) => [{ text: at === parts.length - 1 ? part : `${part}\\`, tone: 'bold' }]);
}
