import { NUL, pieces } from './pieces.ts';
import { runGit } from './run-git.ts';

const ATTRIBUTES = ['linguist-generated', 'linguist-vendored'];

/** Locks of package managers: a program writes them. */
const LOCKS =
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lock|deno\.lock|Cargo\.lock|poetry\.lock|uv\.lock|Pipfile\.lock|composer\.lock|Gemfile\.lock|go\.sum|mix\.lock|flake\.lock)$/;

/**
 * Those of the paths whose lines nobody wrote here: marked as generated or vendored in `.gitattributes`, or a lock file.
 * Throws GitFailure.
 */
export async function readGenerated(dir: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const generated = new Set(paths.filter((path) => LOCKS.test(path)));
  if (paths.length === 0) return generated;
  const input = paths.map((path) => Buffer.from(`${path}\0`, 'latin1'));
  const told: string[] = [];
  for await (const piece of pieces(runGit(dir, ['check-attr', '-z', '--stdin', ...ATTRIBUTES], input), NUL)) {
    told.push(piece);
    if (told.length < 3) continue;
    const [path = '', , value = ''] = told.splice(0);
    if (value === 'set' || value === 'true') generated.add(path);
  }
  return generated;
}
