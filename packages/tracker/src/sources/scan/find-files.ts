import { readdirSync, statSync } from 'node:fs';
import type { Dirent, Stats } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../../problem.ts';
import type { Problem } from '../../problem.ts';

export interface FoundFile {
  readonly path: string;
  /** Device and inode. */
  readonly id: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Files below some folders, and what could not be looked into. */
export interface FoundFiles {
  /** By folder, names in their order; a file that several names lead to once. */
  readonly files: readonly FoundFile[];
  readonly problems: readonly Problem[];
}

/** The files below some folders, looked up again and again. */
export interface FileTree {
  /** Folders that are not there hold nothing. What it answers holds until the next look. */
  look(roots: readonly string[]): FoundFiles;
}

/** A name that leads to a file, and what it led to at the last look: most are the same at the next one. */
interface Name {
  readonly path: string;
  id: string;
  dev: number;
  ino: number;
  size: number;
  mtimeMs: number;
}

interface Listing {
  readonly mtimeMs: number;
  readonly ino: number;
  readonly listedMs: number;
  readonly folders: readonly string[];
  readonly files: readonly Name[];
  /** What a link leads to is told by its stat, each time. */
  readonly links: readonly { readonly name: Name; readonly isAccepted: boolean }[];
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
      const isNew = metFirst();
      const listings = new Map<string, Listing>();
      const add = (name: Name, stat: Stats | null): void => {
        if (stat === null || !stat.isFile() || !isNew(stat)) return;
        if (name.ino !== stat.ino || name.dev !== stat.dev) {
          name.ino = stat.ino;
          name.dev = stat.dev;
          name.id = `${stat.dev}:${stat.ino}`;
        }
        name.size = stat.size;
        name.mtimeMs = stat.mtimeMs;
        files.push(name);
      };
      const walk = (folder: string): void => {
        const stat = statOf(folder, problems);
        if (stat === null || !stat.isDirectory() || !isNew(stat)) return;
        const before = known.get(folder);
        const listing = before !== undefined && stillHolds(before, stat) ? before : list(folder, stat, problems);
        if (listing === null) return;
        listings.set(folder, listing);
        for (const name of listing.files) add(name, statOf(name.path, problems));
        for (const { name, isAccepted } of listing.links) {
          const target = statOf(name.path, problems);
          if (target?.isDirectory() === true) walk(name.path);
          else if (isAccepted) add(name, target);
        }
        for (const path of listing.folders) walk(path);
      };
      for (const root of roots) walk(root);
      known = listings;
      return { files, problems };
    },
  };

  function list(folder: string, { mtimeMs, ino }: Stats, problems: Problem[]): Listing | null {
    const listedMs = Date.now();
    try {
      const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
      const pathOf = ({ name }: Dirent): string => join(folder, name);
      return {
        mtimeMs,
        ino,
        listedMs,
        folders: entries.filter((entry) => entry.isDirectory()).map(pathOf),
        files: entries
          .filter((entry) => entry.isFile() && accepts(entry.name))
          .map((entry) => unknownName(pathOf(entry))),
        links: entries
          .filter((entry) => entry.isSymbolicLink())
          .map((entry) => ({ name: unknownName(pathOf(entry)), isAccepted: accepts(entry.name) })),
      };
    } catch (error) {
      problems.push(unreadableFile(folder, error));
      return null;
    }
  }
}

function unknownName(path: string): Name {
  return { path, id: '', dev: -1, ino: -1, size: 0, mtimeMs: 0 };
}

/** Tells whether a file or folder is met for the first time, under whatever name. */
function metFirst(): (stat: Stats) => boolean {
  const devices = new Map<number, Set<number>>();
  return ({ dev, ino }) => {
    let inodes = devices.get(dev);
    if (inodes === undefined) devices.set(dev, (inodes = new Set()));
    const before = inodes.size;
    return inodes.add(ino).size > before;
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
