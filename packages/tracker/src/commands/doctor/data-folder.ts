import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { journalNames } from '../../events/journal-files.ts';
import { systemErrorCode } from '../../problem.ts';
import { bad, good, warn } from './finding.ts';
import type { Finding } from './finding.ts';

const LITTLE_BYTES = 200 * 1024 * 1024;
const OTHER_FOLDER = 'choose a folder you may write to: --data-dir DIR (TRACKER_DATA_DIR)';

/** Can the journals be written, by us alone, and is there room? */
export function folderFindings(dir: string): Finding[] {
  const nearest = nearestExisting(dir);
  if (!statSync(nearest).isDirectory())
    return [bad('data', `${nearest} is in the way: it is no folder`, `move it, or ${OTHER_FOLDER}`)];
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
  } catch (error) {
    return [bad('data', `${nearest} cannot be written (${systemErrorCode(error) ?? 'error'})`, OTHER_FOLDER)];
  }
  const { bavail, bsize } = statfsSync(nearest);
  const free = bavail * bsize;
  const room = `${megabytes(free)} free`;
  const what = nearest === dir ? dir : `${dir} does not exist yet and can be made`;
  return [
    good('data', what),
    free < LITTLE_BYTES ? warn('disk', room, 'make room: a row that does not fit is not kept') : good('disk', room),
    ...modeFindings(dir),
  ];
}

/** Rows name models, lanes and hours of work, and are nobody else's business. */
function modeFindings(dir: string): Finding[] {
  if (process.platform === 'win32') return [];
  const open = [dir, ...journalNames.map((name) => join(dir, name))].filter((path) => isOpen(path));
  if (open.length === 0) return [];
  const files = open.filter((path) => path !== dir);
  const commands = [
    ...(open.includes(dir) ? [`chmod 700 ${quoted(dir)}`] : []),
    ...(files.length > 0 ? [`chmod 600 ${files.map(quoted).join(' ')}`] : []),
  ];
  return [warn('modes', `others may read ${open.join(', ')}`, commands.join(' && '))];
}

/** As a shell takes it for one word. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

function isOpen(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.mode & 0o077) !== 0;
}

/** The folder itself, or the one it would be made in. */
function nearestExisting(folder: string): string {
  let at = folder;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

function megabytes(bytes: number): string {
  return bytes >= 10 * 2 ** 30 ? `${Math.floor(bytes / 2 ** 30)} GiB` : `${Math.floor(bytes / 2 ** 20)} MiB`;
}
