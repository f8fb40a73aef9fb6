import { readdirSync, statSync } from 'node:fs';
import type { Dirent, Stats } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../problem.ts';
import type { Problem } from '../../problem.ts';

export interface FoundFile {
  readonly path: string;
  readonly stat: Stats;
}

/** Files below some folders, and what could not be looked into. */
export interface FoundFiles {
  /** By folder, names in their order; a file that several names lead to once. */
  readonly files: readonly FoundFile[];
  readonly problems: readonly Problem[];
}

/** The files below some folders, looked up again and again. */
export interface FileTree {
  /** Folders that are not there hold nothing. */
  look(roots: readonly string[]): FoundFiles;
}

interface Listing {
  readonly mtimeMs: number;
  readonly ino: number;
  readonly listedMs: number;
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** What a link leads to is told by its stat, each time. */
  readonly links: readonly { readonly path: string; readonly isAccepted: boolean }[];
}

/** A folder listed this soon after its last change may change again within one tick of the file system's clock. */
const SETTLED_MS = 2_000;

/**
 * Costs one stat per folder and file when nothing has changed: a folder is listed again only when its time says so. Links
 * are followed; a folder or file that has been met is not met again, so links in a circle end.
 */
export function openFileTree(accepts: (name: string) => boolean): FileTree {
  let known = new Map<string, Listing>();
  return {
    look(roots) {
      const files: FoundFile[] = [];
      const problems: Problem[] = [];
      const met = new Set<string>();
      const listings = new Map<string, Listing>();
      const isNew = ({ dev, ino }: Stats): boolean => {
        const size = met.size;
        return met.add(`${dev}:${ino}`).size > size;
      };
      const add = (path: string, stat: Stats | null): void => {
        if (stat?.isFile() === true && isNew(stat)) files.push({ path, stat });
      };
      const list = (folder: string, { mtimeMs, ino }: Stats): Listing | null => {
        const listedMs = Date.now();
        try {
          const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
          const paths = (wanted: (entry: Dirent) => boolean): string[] =>
            entries.filter(wanted).map(({ name }) => join(folder, name));
          return {
            mtimeMs,
            ino,
            listedMs,
            folders: paths((entry) => entry.isDirectory()),
            files: paths((entry) => entry.isFile() && accepts(entry.name)),
            links: entries
              .filter((entry) => entry.isSymbolicLink())
              .map(({ name }) => ({ path: join(folder, name), isAccepted: accepts(name) })),
          };
        } catch (error) {
          problems.push(unreadableFile(folder, error));
          return null;
        }
      };
      const walk = (folder: string): void => {
        const stat = statOf(folder, problems);
        if (stat === null || !stat.isDirectory() || !isNew(stat)) return;
        const before = known.get(folder);
        const listing = before !== undefined && stillHolds(before, stat) ? before : list(folder, stat);
        if (listing === null) return;
        listings.set(folder, listing);
        for (const path of listing.files) add(path, statOf(path, problems));
        for (const { path, isAccepted } of listing.links) {
          const target = statOf(path, problems);
          if (target?.isDirectory() === true) walk(path);
          else if (isAccepted) add(path, target);
        }
        for (const path of listing.folders) walk(path);
      };
      for (const root of roots) walk(root);
      known = listings;
      return { files, problems };
    },
  };
}

function stillHolds(before: Listing, { mtimeMs, ino }: Stats): boolean {
  return before.mtimeMs === mtimeMs && before.ino === ino && before.listedMs - mtimeMs > SETTLED_MS;
}

/** Null: there is nothing, or it cannot be looked at. */
function statOf(path: string, problems: Problem[]): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    problems.push(unreadableFile(path, error));
    return null;
  }
}

/** A refusal of the operating system as a problem; anything else is a fault of ours and thrown. */
export function unreadableFile(path: string, error: unknown): Problem {
  const code = systemErrorCode(error);
  if (code === undefined) throw error;
  const remedy = code === 'EACCES' || code === 'EPERM' ? 'Check its mode and its owner' : 'Check the disk and the path';
  return { code: 'file-unreadable', file: path, message: `${path} cannot be read (${code})`, remedy };
}
