// Lays out a package as it is installed elsewhere: `node scripts/stage.mjs packages/shim`. Run by `prepack`, so that
// `pnpm pack` in the package's folder makes a tarball that `npm install -g` takes without this repository: our own
// packages it needs are inside it, below dist, where Node looks first (pnpm packs no bundledDependencies with its own
// layout of node_modules); everything else comes from the registry in exactly the versions of the workspace.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? '.');
const stage = join(folder, 'release');
const { catalog } = parse(readFileSync(join(ROOT, 'pnpm-workspace.yaml'), 'utf8'));

rmSync(stage, { recursive: true, force: true });
const manifest = read(folder);
const bundled = [];
const dependencies = collect(manifest, bundled);
copyFiles(folder, manifest, stage);
for (const name of ['LICENSE', 'NOTICE']) cpSync(join(ROOT, name), join(stage, name));
const { devDependencies: _dev, scripts: _scripts, publishConfig = {}, ...rest } = manifest;
const { directory: _directory, ...published } = publishConfig;
write(stage, { ...rest, ...published, dependencies });
for (const name of bundled) {
  const from = packageFolder(name);
  const inside = join(stage, 'dist', 'node_modules', name);
  const { devDependencies: _d, scripts: _s, dependencies: _deps, publishConfig: _p, ...own } = read(from);
  copyFiles(from, own, inside);
  // What it needs itself stands with our own needs, and is found from there.
  write(inside, own);
}

/** Exact versions of everything that is not ours, also of what our own packages need; those are added to `inside`. */
function collect({ dependencies = {} }, inside) {
  const all = {};
  for (const [name, range] of Object.entries(dependencies)) {
    if (range.startsWith('workspace:')) {
      if (!inside.includes(name)) inside.push(name);
      Object.assign(all, collect(read(packageFolder(name)), inside));
    } else all[name] = range === 'catalog:' ? catalog[name] : range;
  }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function copyFiles(from, { files = [] }, to) {
  for (const name of [...files, 'README.md']) {
    const source = join(from, name);
    if (!existsSync(source)) continue;
    mkdirSync(dirname(join(to, name)), { recursive: true });
    // Build notes and maps that point at sources outside the package are of no use there.
    const keep = (path) => !/\.tsbuildinfo$|\.map$|\.d\.ts$/.test(path) || path.endsWith('index.d.ts');
    cpSync(source, join(to, name), { recursive: true, filter: (path) => name !== 'dist' || keep(path) });
  }
}

function packageFolder(name) {
  return join(ROOT, 'packages', name.replace('@ccp/', ''));
}

function read(at) {
  return JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
}

function write(at, value) {
  writeFileSync(join(at, 'package.json'), `${JSON.stringify(value, null, 2)}\n`);
}
