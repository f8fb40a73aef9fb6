#!/usr/bin/env node
// What a slice touched, with its evidence, in one archive: for whoever takes it over.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const HELP = `Usage: pnpm bundle <slice> [options]

Makes an archive of every file that the commits of a slice touched, as they are at the newest of them or at --at, with
MANIFEST.txt (commits, files, files that are gone) and the slice's evidence from artifacts/test_runs/<slice>/.

  <slice>            a feature: commits with a line "xfeat::<slice>::<window>::<stage>" (any case);
                     or a range of commits: a..b
  --evidence <name>  folder below artifacts/test_runs/ (default: the slice)
  --at <commit>      whose files are taken (default HEAD)
  --out <file>       .zip or .tar.gz (default artifacts/bundles/<slice>.zip)
  --repo <dir>       the repository (this one)
  --json             print {file, bytes, commits, files, gone, evidence}
  --help             print this

Exit codes: 0 made, 1 could not be made, 2 wrong command line, 30 no commit belongs to the slice.`;

const OPTIONS = {
  evidence: { type: 'string' },
  at: { type: 'string', default: 'HEAD' },
  out: { type: 'string' },
  repo: { type: 'string', default: resolve(import.meta.dirname, '..') },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

class Trouble extends Error {
  constructor(message, exit) {
    super(message);
    this.exit = exit;
  }
}

try {
  main();
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  console.error(`bundle: ${error.message}`);
  process.exitCode = error.exit;
}

function main() {
  const { slice, flags } = commandLine();
  if (flags.help) return console.log(HELP);
  const repo = git(flags.repo, ['rev-parse', '--show-toplevel']).trim();
  const commits = commitsOf(repo, slice, flags.at);
  if (commits.length === 0) {
    throw new Trouble(
      `no commit up to ${String(flags.at)} says xfeat::${slice}::…; give a feature's name or a range a..b`,
      30,
    );
  }
  const touched = new Set(commits.flatMap(({ files }) => files));
  const present = new Set(lines(git(repo, ['ls-tree', '-r', '--name-only', '-z', flags.at]), '\0'));
  const sorted = [...touched].toSorted((one, other) => (one < other ? -1 : 1));
  const files = sorted.filter((file) => present.has(file));
  const gone = sorted.filter((file) => !present.has(file));
  const name = slice.replaceAll(/[^\w.-]+/gu, '_');
  const evidence = filesBelow(join(repo, 'artifacts', 'test_runs', flags.evidence ?? name)).map((file) =>
    relative(repo, file),
  );
  const out = resolve(flags.out ?? join(repo, 'artifacts', 'bundles', `${name}.zip`));
  mkdirSync(dirname(out), { recursive: true });
  const at = git(repo, ['rev-parse', flags.at]).trim();
  const folder = mkdtempSync(join(tmpdir(), 'ccp-bundle-'));
  try {
    writeFileSync(join(folder, 'MANIFEST.txt'), manifestOf({ slice, at, commits, files, gone, evidence }));
    pack(repo, { at, out, files, manifest: join(folder, 'MANIFEST.txt'), evidence });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const bytes = statSync(out).size;
  const told = {
    file: out,
    bytes,
    commits: commits.length,
    files: files.length,
    gone: gone.length,
    evidence: evidence.length,
  };
  if (flags.json) return console.log(JSON.stringify(told));
  console.log(
    `${out}: ${bytes} bytes, ${told.commits} commits, ${told.files} files, ${told.gone} gone, ${told.evidence} of evidence`,
  );
}

function pack(repo, { at, out, files, manifest, evidence }) {
  // Evidence may be newer than any commit: it is taken as it lies there.
  const extra = evidence.filter((file) => !files.includes(file));
  git(repo, [
    'archive',
    `--output=${out}`,
    `--add-file=${manifest}`,
    ...extra.flatMap((file) => [`--prefix=${dirname(file)}/`, `--add-file=${join(repo, file)}`]),
    '--prefix=',
    at,
    '--',
    ...(files.length > 0 ? files : [':(exclude)*']),
  ]);
}

function commandLine() {
  try {
    const { values: flags, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
    if (!flags.help && positionals.length !== 1) throw new Error('give one slice');
    if (flags.out !== undefined && !/\.(?:zip|tar\.gz|tgz)$/u.test(flags.out))
      throw new Error('--out ends in .zip or .tar.gz');
    const [slice = ''] = positionals;
    if (slice.startsWith('-')) throw new Error('a slice does not begin with a dash');
    return { slice, flags };
  } catch (error) {
    throw new Trouble(`${error.message.split('. ')[0]}. See --help.`, 2);
  }
}

/** Newest first. A merge has no files of its own. */
function commitsOf(repo, slice, at) {
  const isRange = slice.includes('..');
  const text = git(repo, ['log', '-z', '--name-only', '--format=%x01%H%x02%s%x02%B%x03', isRange ? slice : at, '--']);
  const wanted = `xfeat::${slice.toLowerCase()}::`;
  return text
    .split('\u0001')
    .slice(1)
    .map((part) => {
      const [head, names = ''] = part.split('\u0003');
      const [id = '', subject = '', body = ''] = head.split('\u0002');
      return {
        id,
        subject,
        body,
        files: lines(names.trimStart(), '\0')
          .map((file) => file.trim())
          .filter(Boolean),
      };
    })
    .filter(({ body }) => isRange || lines(body.toLowerCase(), '\n').some((line) => line.startsWith(wanted)));
}

function manifestOf({ slice, at, commits, files, gone, evidence }) {
  const part = (title, rows) => [`${title} (${rows.length})`, ...rows.map((row) => `  ${row}`), ''];
  return [
    `Slice ${slice}, files as of ${at}`,
    '',
    ...part(
      'Commits',
      commits.map(({ id, subject }) => `${id.slice(0, 12)} ${subject}`),
    ),
    ...part('Files', files),
    ...part('Touched, and gone since', gone),
    ...part('Evidence', evidence),
  ].join('\n');
}

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .toSorted();
}

function lines(text, by) {
  return text.split(by).filter((line) => line !== '');
}

function git(cwd, args) {
  const { status, stdout, stderr, error } = spawnSync('git', args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (error !== undefined) throw new Trouble(`git ${args[0]} can't be run (${error.code ?? error.message})`, 1);
  if (status !== 0) throw new Trouble(`git ${args[0]}: ${stderr.trim().split('\n').at(-1)}`, 1);
  return stdout;
}
