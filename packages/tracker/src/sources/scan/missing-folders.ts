import { statSync } from 'node:fs';
import { systemErrorCode } from '../../problem.ts';
import type { Problem } from '../../problem.ts';

/** Names folders that are not there: each once for as long as it is missing. */
export function missingFolders(remedy: string): (folders: readonly string[]) => readonly Problem[] {
  let missing = new Set<string>();
  return (folders) => {
    const now = folders.filter((folder) => !isFolder(folder));
    const news = now.filter((folder) => !missing.has(folder));
    missing = new Set(now);
    return news.map((file) => ({ code: 'folder-missing', file, message: `there is no folder ${file}`, remedy }));
  };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}
