import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemErrorCode } from '../problem.ts';
import type { Outcome } from '../problem.ts';

/** Built by vite; the same place from source and from dist. */
const PAGE = new URL('../../dist/page/', import.meta.url);

export interface Asset {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * The page's files by path, read once. Only what is in this table can be asked for, so no path leads anywhere else.
 */
export function readAssets(folder = PAGE): Outcome<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>();
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const type = TYPES[extname(entry.name)];
      if (!entry.isFile() || type === undefined) continue;
      const file = `${entry.parentPath.replace(/\/?$/, '/')}${entry.name}`;
      const path = `/${file.slice(fileURLToPath(folder).length)}`;
      assets.set(path === '/index.html' ? '/' : path, { type, body: new Uint8Array(readFileSync(file)) });
    }
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return { ok: false, problem: missing(code) };
  }
  return assets.has('/') ? { ok: true, value: assets } : { ok: false, problem: missing('no index.html') };
}

function missing(why: string): { code: 'page-missing'; message: string; remedy: string } {
  return { code: 'page-missing', message: `the page is not built (${why})`, remedy: 'Build it: pnpm build' };
}
