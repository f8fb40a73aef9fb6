import fc from 'fast-check';
import type { GitRepo } from './git-repo.ts';
import { onDay } from './git-repo.ts';

/** A line whose text is found nowhere else; `place` orders the lines of all versions of a file. */
interface Line {
  readonly text: string;
  readonly place: number;
}
type Files = ReadonlyMap<number, { readonly path: string; readonly lines: readonly Line[] }>;

export interface MadeCommit {
  readonly sha: string;
  readonly day: number;
  readonly parents: readonly number[];
  /** Texts it brought into the world. */
  readonly added: readonly string[];
  /** Every text in its tree. */
  readonly texts: ReadonlySet<string>;
}

const arbitraryStep = fc.record({
  kind: fc.constantFrom('edit', 'edit', 'edit', 'edit', 'rename', 'branch', 'merge', 'update'),
  days: fc.constantFrom(0, 1, 3, 6, 10),
  file: fc.nat(1),
  seed: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 8, maxLength: 8 }),
});

export const arbitrarySteps = fc.array(arbitraryStep, { minLength: 3, maxLength: 22 });
type Steps = typeof arbitrarySteps extends fc.Arbitrary<infer T> ? T : never;

const SIZE = 40;

/**
 * Writes a random history with branches, merges both ways, renames and merges that add or drop lines. Since no text is
 * there twice, what became of every line can be told by looking for it.
 */
export function writeHistory(repo: GitRepo, steps: Steps): readonly MadeCommit[] {
  const made: (MadeCommit & { readonly files: Files })[] = [];
  const stream: string[] = [];
  let [day, id, seed, next] = [0, 0, [0] as readonly number[], 0];
  let side: number | null = null;
  let main = 0;
  const draw = (): number => seed[next++ % seed.length] ?? 0;
  const fresh = (place: number): Line => ({ text: `line ${(id += 1)}`, place });

  const write = (parents: readonly number[], files: Files, added: readonly string[]): number => {
    const mark = made.length + 1;
    const message = `commit ${mark}`;
    stream.push(`commit refs/heads/at${mark}\nmark :${mark}\n`);
    stream.push(`committer a <a@b> ${onDay(day)} +0000\ndata ${message.length}\n${message}\n`);
    for (const [at, parent] of parents.entries()) stream.push(`${at === 0 ? 'from' : 'merge'} :${parent + 1}\n`);
    stream.push('deleteall\n');
    for (const { path, lines } of files.values()) {
      const text = lines.map((line) => `${line.text}\n`).join('');
      stream.push(`M 100644 inline ${path}\ndata ${text.length}\n${text}\n`);
    }
    const texts = new Set([...files.values()].flatMap(({ lines }) => lines.map(({ text }) => text)));
    made.push({ sha: '', day, parents, added, texts, files });
    return made.length - 1;
  };
  const edited = (lines: readonly Line[], adds: number, removes: number): { lines: Line[]; added: string[] } => {
    const gone = new Set(Array.from({ length: removes }, () => Math.floor(draw() * lines.length)));
    const added = Array.from({ length: adds }, () => fresh(draw()));
    const kept = lines.filter((_, at) => !gone.has(at));
    const all = [...kept, ...added].toSorted((a, b) => a.place - b.place);
    return { lines: all, added: added.map(({ text }) => text) };
  };
  const both = (ours: Files, theirs: Files): { files: Files; added: string[] } => {
    const files = new Map<number, { path: string; lines: readonly Line[] }>();
    const all: string[] = [];
    for (const [file, own] of ours) {
      const other = theirs.get(file) ?? own;
      const byText = new Map([...own.lines, ...other.lines].map((line) => [line.text, line]));
      const union = [...byText.values()].toSorted((a, b) => a.place - b.place);
      const { lines, added } = edited(union, Math.floor(draw() * 2), Math.floor(draw() * 3));
      files.set(file, { path: draw() < 0.5 ? own.path : other.path, lines });
      all.push(...added);
    }
    return { files, added: all };
  };

  const first = new Map(
    [0, 1].map((file) => {
      const lines = Array.from({ length: SIZE }, (_, at) => fresh(at / SIZE));
      return [file, { path: `f${file}`, lines }] as const;
    }),
  );
  main = write(
    [],
    first,
    [...first.values()].flatMap(({ lines }) => lines.map(({ text }) => text)),
  );
  for (const step of steps) {
    ({ seed } = step);
    next = 0;
    day += step.days;
    const onSide = side !== null && draw() < 0.5;
    const tip = onSide ? (side ?? main) : main;
    const files = made[tip]?.files ?? first;
    let result: number;
    if (step.kind === 'branch' && side === null) {
      side = main;
      continue;
    } else if (step.kind === 'merge' && side !== null && side !== main) {
      const { files: merged, added } = both(made[main]?.files ?? first, made[side]?.files ?? first);
      main = write([main, side], merged, added);
      side = null;
      continue;
    } else if (step.kind === 'update' && side !== null && side !== main) {
      const { files: merged, added } = both(made[side]?.files ?? first, made[main]?.files ?? first);
      side = write([side, main], merged, added);
      continue;
    } else {
      const own = files.get(step.file) ?? { path: '', lines: [] };
      const change =
        step.kind === 'rename'
          ? { path: `f${step.file}-${made.length}`, lines: own.lines, added: [] }
          : { path: own.path, ...edited(own.lines, Math.floor(draw() * 4), Math.floor(draw() * 4)) };
      const { added, ...file } = change;
      result = write([tip], new Map([...files, [step.file, file]]), added);
    }
    if (onSide) side = result;
    else main = result;
  }
  stream.push(`reset refs/heads/main\nfrom :${main + 1}\n\ndone\n`);
  repo.git(['fast-import', '--quiet', '--done', '--export-marks=marks'], { input: stream.join('') });
  const marks = new Map(
    repo
      .git(['for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/heads/at*'])
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  );
  return made.map(({ files: _files, ...commit }, at) => ({ ...commit, sha: marks.get(`at${at + 1}`) ?? '' }));
}
