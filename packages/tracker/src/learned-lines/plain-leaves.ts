/** A value of a line that is not nested, or a name that may be another one in the next line. */
export interface Leaf {
  /** The names on the way to it, with a point in between; of a name, the way to its object. */
  readonly path: string;
  readonly from: number;
  readonly to: number;
  readonly isName: boolean;
}

/** A text without escapes, in ASCII: what stands between its quotes is what it says. */
const TEXT = '"[ !#-\\[\\]-~]*"';
const NAME = new RegExp(`(${TEXT}):`, 'y');
const SCALAR = new RegExp(`${TEXT}|-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|true|false|null`, 'y');

const MOST_DEPTH = 8;

/**
 * The leaves of a line in their order; null: the line is not plain. A plain line is one object as JSON.stringify writes it,
 * in ASCII, without escapes and without lists, and no object in it has a name twice.
 *
 * @param line the line with its line feed
 * @param varyingNames paths of objects whose names are leaves
 */
export function plainLeaves(line: string, varyingNames: ReadonlySet<string>): readonly Leaf[] | null {
  const leaves: Leaf[] = [];
  const end = objectEnd(0, '', MOST_DEPTH);
  return end === line.length - 1 && line[end] === '\n' ? leaves : null;

  /** Behind the object that begins at `from`; -1: it is not plain. */
  function objectEnd(from: number, path: string, depth: number): number {
    if (depth === 0 || line[from] !== '{') return -1;
    if (line[from + 1] === '}') return from + 2;
    const names = new Set<string>();
    for (let at = from + 1; ; at += 1) {
      NAME.lastIndex = at;
      const [, quoted = ''] = NAME.exec(line) ?? [];
      const name = quoted.slice(1, -1);
      // Paths would say something else of a name with a point, and of one without a letter.
      const varies = varyingNames.has(path);
      if (quoted === '' || names.has(name) || (!varies && (name === '' || name.includes('.')))) return -1;
      names.add(name);
      if (varies) leaves.push({ path, from: at, to: at + quoted.length, isName: true });
      const inner = varies ? `${path}.*` : path === '' ? name : `${path}.${name}`;
      at = valueEnd(at + quoted.length + 1, inner, depth);
      if (at === -1) return -1;
      if (line[at] === '}') return at + 1;
      if (line[at] !== ',') return -1;
    }
  }

  function valueEnd(from: number, path: string, depth: number): number {
    if (line[from] === '{') return objectEnd(from, path, depth - 1);
    SCALAR.lastIndex = from;
    if (!SCALAR.test(line)) return -1;
    const to = SCALAR.lastIndex;
    leaves.push({ path, from, to, isName: false });
    return to;
  }
}
