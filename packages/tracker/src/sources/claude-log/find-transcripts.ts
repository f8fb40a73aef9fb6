import { readdirSync, statSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../problem.ts';
import type { Problem } from '../../problem.ts';

/** Files found below some folders, and what could not be looked into. */
export interface FoundFiles {
  /** In the order of their paths. */
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
}

/** Every `*.jsonl` below `projects/` and `transcripts/` of each home of Claude Code; a home that is not there is a problem. */
export function findTranscripts(homes: readonly string[]): FoundFiles {
  const files = new Set<string>();
  const problems: Problem[] = [];
  for (const home of homes) {
    const look = (folder: string): void => {
      for (const entry of entriesOf(folder, problems)) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) look(path);
        else if (entry.name.endsWith('.jsonl') && isFile(path)) files.add(path);
      }
    };
    if (!isFolder(home)) {
      problems.push({
        code: 'folder-missing',
        file: home,
        message: `there is no folder ${home}`,
        remedy: 'Give the folder that holds projects/: --claude-home DIR, normally ~/.claude',
      });
      continue;
    }
    for (const part of ['projects', 'transcripts']) if (isFolder(join(home, part))) look(join(home, part));
  }
  return { files: [...files].toSorted(), problems };
}

function entriesOf(folder: string, problems: Problem[]): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    problems.push({
      code: 'file-unreadable',
      file: folder,
      message: `${folder} cannot be read (${code})`,
      remedy: 'Check its mode',
    });
    return [];
  }
}

/** Links are followed to files, not to folders: a link upwards would never end. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
