import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../problem.ts';
import type { Problem } from '../../problem.ts';

/** What of an archive there is to read. */
export interface FoundArchive {
  /** Usage logs, the oldest first as far as their names tell. */
  readonly logs: readonly string[];
  readonly databases: readonly string[];
  /** Summaries that a script of the original program made of its logs. */
  readonly metrics: readonly string[];
  readonly problems: readonly Problem[];
}

const LOG = /^usage.*\.jsonl(?:\.\d+)?(?:\.gz)?$/;
const DATABASE = /\.sqlite3$/;
const METRICS = /^METRICS.*\.json$/;

/**
 * Usage logs, databases and summaries below the root of a router: in `logs/` and `logs/archive/` as the original program
 * and ours keep them, and in the root itself, so that the log folder can be given too.
 */
export function findArchive(root: string): FoundArchive {
  const problems: Problem[] = [];
  const missing = whyNoFolder(root);
  if (missing !== null) return { logs: [], databases: [], metrics: [], problems: [missing] };
  const named = (pattern: RegExp, ...folders: readonly string[]): string[] =>
    folders.flatMap((folder) =>
      filesIn(folder, problems)
        .filter((name) => pattern.test(name))
        .toSorted(oldestFirst)
        .map((name) => join(folder, name)),
    );
  const logs = join(root, 'logs');
  const archive = join(logs, 'archive');
  const found = {
    logs: named(LOG, archive, join(root, 'archive'), logs, root),
    databases: named(DATABASE, archive, logs, root),
    metrics: named(METRICS, join(root, 'results')),
  };
  if (Object.values(found).every((files) => files.length === 0) && problems.length === 0)
    problems.push({
      code: 'archive-empty',
      file: root,
      message: `${root} holds no logs/usage*.jsonl, logs/archive/usage*.jsonl, logs/*.sqlite3 and no results/METRICS*.json`,
      remedy: 'Give the folder that holds logs/ of the router: --ccp-root DIR',
    });
  return { ...found, problems: unique(problems) };
}

/** Rotated files count downwards to the newest, `usage.jsonl`; the others carry their time in their name. */
function oldestFirst(a: string, b: string): number {
  const [one, other] = [rotation(a), rotation(b)];
  return other - one || (a < b ? -1 : 1);
}

function rotation(name: string): number {
  return Number(/\.jsonl\.(\d+)/.exec(name)?.[1] ?? 0);
}

function filesIn(folder: string, problems: Problem[]): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') problems.push(unreadable(folder, code));
    return [];
  }
}

function whyNoFolder(root: string): Problem | null {
  try {
    if (statSync(root).isDirectory()) return null;
    return { code: 'folder-missing', file: root, message: `${root} is no folder`, remedy: REMEDY };
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    if (code !== 'ENOENT') return unreadable(root, code);
    return { code: 'folder-missing', file: root, message: `there is no folder ${root}`, remedy: REMEDY };
  }
}

const REMEDY = 'Give the folder that holds logs/ of the router: --ccp-root DIR';

/** The system refused to read it. */
export function unreadable(file: string, code: string): Problem {
  return { code: 'file-unreadable', file, message: `${file} cannot be read (${code})`, remedy: 'Check its mode' };
}

function unique(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [problem.message, problem])).values()];
}
