import { join } from 'node:path';
import type { LogTurn } from '../log-turn.ts';
import { isFields } from '../panes/json-fields.ts';
import { missingFolders } from '../scan/missing-folders.ts';
import { openScan } from '../scan/scan.ts';
import type { SeenFile, TickOptions, Ticked } from '../scan/scan.ts';
import type { SeenLine } from '../scan/read-lines.ts';
import type { Rejection, TranscriptLine } from './answer.ts';
import { openAnswers } from './answers.ts';
import { answersIn, toClaudeState } from './claude-state.ts';
import type { ClaudeState } from './claude-state.ts';
import { parseLine } from './parse-line.ts';
import { walkLine } from './walk-line.ts';

export interface ClaudeLogOptions {
  /** Homes of Claude Code: folders that hold `projects/` or `transcripts/`. */
  readonly roots: readonly string[];
  /** What `state` gave in an earlier run. */
  readonly state?: unknown;
  /** A longer line is passed over and named. Default 64 MiB. */
  readonly mostLineBytes?: number;
}

/** What one look at the transcripts gave. */
export interface ClaudeTick extends Ticked {
  /**
   * Answers that are new, and answers told before of which a better record was found: a turn replaces one with its key.
   * In the order of time.
   */
  readonly turns: readonly LogTurn[];
  readonly rejections: readonly (Rejection & { readonly file: string; readonly line: number })[];
}

export interface ClaudeLog {
  tick(options?: TickOptions): ClaudeTick;
  /** Plain JSON. Handed in again, it goes on where this one stands, and no answer is told a second time. */
  state(): ClaudeState;
}

/** Every answer of a transcript has this in its line. */
const MARKER = '"usage"';

/** Follows the transcripts below the homes of Claude Code. */
export function openClaudeLog({ roots, state, mostLineBytes }: ClaudeLogOptions): ClaudeLog {
  const before = answersIn(state);
  const answers = openAnswers(before ?? []);
  let rejections: (Rejection & { readonly file: string; readonly line: number })[] = [];
  const missing = missingFolders('Give the folder that holds projects/: --claude-home DIR, normally ~/.claude');
  const scan = openScan({
    roots: () => roots.flatMap((root) => [join(root, 'projects'), join(root, 'transcripts')]),
    accepts: (name) => name.endsWith('.jsonl'),
    markers: [MARKER],
    state: before === null || !isFields(state) ? null : state['scan'],
    ...(mostLineBytes !== undefined && { mostLineBytes }),
  });
  const line = ({ path }: SeenFile, seen: SeenLine): string | null => {
    const read = readLine(seen);
    if (read.kind === 'bad') return read.why;
    if (read.kind === 'answer') answers.add(read.answer, path, seen.line);
    else if (read.kind === 'rejection' && seen.isEnded)
      rejections.push({ ...read.rejection, file: path, line: seen.line });
    return null;
  };
  return {
    tick(options) {
      const news = missing(roots);
      const ticked = scan.tick({ line, begins: () => undefined, gone: () => undefined }, options);
      const told = { rejections, turns: answers.changed() };
      rejections = [];
      return { ...ticked, ...told, problems: [...news, ...ticked.problems] };
    },
    state: () => toClaudeState(scan.state(), answers.all()),
  };
}

function readLine({ bytes, start, end }: SeenLine): TranscriptLine {
  return walkLine(bytes, start, end) ?? parseLine(bytes.toString('utf8', start, end));
}
