/**
 * Reads the few fields of a usage log's line that say whether it is a turn and which one, without making an object of it.
 * A log is written by few programs, each with its fields in one order: of every order that is met a regular expression is
 * made, which then reads all lines of that order. What it matches JSON.parse accepts with the same values; whatever is not
 * plain (an escape, a byte beyond ASCII, something nested, a wanted field of another type) it does not match, and the line
 * is left to the parser.
 */
export interface RecordShapes {
  /** Reads the line that begins at `from`; null: it is of no known order, or not plain. */
  read(text: string, from: number): PlainRecord | null;
  /** Takes the order of fields of a line that `read` did not know. */
  learn(text: string, from: number, lineEnd: number): void;
}

/** A line that was read. The same object for each: take what you need of it. */
export interface PlainRecord {
  kind: 'turn' | Passing;
  ts: number;
  rid: string;
  model: string;
  inputTokens: number;
  outputTokens: number;
  /** Behind its line end. */
  next: number;
}

type Passing = 'decision' | 'early' | 'other';

/** A text without escapes, in ASCII: what stands between its quotes is what it says. */
const TEXT = '[ !#-\\[\\]-~]*';
const NUMBER = '-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?';
const ANY = `(?:"${TEXT}"|${NUMBER}|true|false|null)`;
/** A whole number from 0 that a number holds exactly. */
const COUNT = '(0|[1-9]\\d{0,14})';
const MAYBE_TEXT = `(?:"(${TEXT})"|${NUMBER}|true|false|null)`;

/** What has to be captured, by field; of any other field only that its value is plain. */
const WANTED: ReadonlyMap<string, string> = new Map([
  ['ts', '((?:0|[1-9]\\d{0,9})(?:\\.\\d+)?)'],
  ['rid', '"([ !#-\\[\\]-~]+)"'],
  ['model', '"([ !#-\\[\\]-~]+)"'],
  ['status', '(-1|0|[1-9]\\d{0,8})'],
  ['event', MAYBE_TEXT],
  ['ended', MAYBE_TEXT],
  ['reason', MAYBE_TEXT],
  ['op', MAYBE_TEXT],
  ['input_tokens', COUNT],
  ['output_tokens', COUNT],
  // In place of the two above in lines of older writers.
  ['in_tokens', COUNT],
  ['out_tokens', COUNT],
]);
const NEEDED = ['ts', 'rid', 'model', 'status'];

/** A log with more orders than this is written by no program we know: the parser may have the rest. */
const MOST_SHAPES = 16;

interface Shape {
  readonly line: RegExp;
  /** Where the fields stand among the captures; 0: there is no such field. */
  readonly ts: number;
  readonly rid: number;
  readonly model: number;
  readonly status: number;
  readonly event: number;
  readonly ended: number;
  readonly reason: number;
  readonly op: number;
  readonly input: number;
  readonly output: number;
  /** The order that followed this one the last time. */
  following: Shape | null;
}

export function recordShapes(): RecordShapes {
  const shapes: Shape[] = [];
  const orders = new Set<string>();
  let last: Shape | null = null;
  const record: PlainRecord = { kind: 'turn', ts: 0, rid: '', model: '', inputTokens: 0, outputTokens: 0, next: 0 };
  const tried = (shape: Shape, text: string, from: number): boolean => {
    const { line } = shape;
    line.lastIndex = from;
    const found = line.exec(text);
    if (found === null || !take(found, shape, record)) return false;
    record.next = line.lastIndex;
    if (last !== null) last.following = shape;
    last = shape;
    return true;
  };
  return {
    read(text, from) {
      const likely = last?.following ?? null;
      if (likely !== null && tried(likely, text, from)) return record;
      for (const shape of shapes) if (shape !== likely && tried(shape, text, from)) return record;
      return null;
    },
    learn(text, from, lineEnd) {
      if (shapes.length === MOST_SHAPES) return;
      const names = namesOf(text, from, lineEnd);
      if (names === null) return;
      const order = names.join('"');
      if (orders.has(order)) return;
      const shape = shapeOf(names);
      if (shape === null) return;
      orders.add(order);
      shapes.push(shape);
    },
  };
}

/** False: it is no record that may be told by its fields alone. */
function take(found: RegExpExecArray, shape: Shape, record: PlainRecord): boolean {
  const kind = kindOf(found, shape);
  record.kind = kind;
  if (kind !== 'turn') return true;
  record.ts = Number(found[shape.ts]);
  record.rid = found[shape.rid] ?? '';
  record.model = found[shape.model] ?? '';
  record.inputTokens = shape.input === 0 ? 0 : Number(found[shape.input]);
  record.outputTokens = shape.output === 0 ? 0 : Number(found[shape.output]);
  return record.ts > 0 && record.ts <= MOST_TS;
}

/** As the reader of whole records has it. */
const MOST_TS = 1e10;

/** In the order in which whole records are judged (see usage-record.ts). */
function kindOf(found: RegExpExecArray, { status, event, ended, reason, op }: Shape): PlainRecord['kind'] {
  if (found[status] === '-1' || found[event] === 'decision' || found[ended] === 'pending') return 'decision';
  if (found[reason] === 'streaming') return 'early';
  return found[op] === 'count_tokens' || found[op] === 'models' ? 'other' : 'turn';
}

const MEMBER = new RegExp(`"(${TEXT})":${ANY}([,}])`, 'y');

/** Names of the fields of a line in their order; null: it is no flat, plain object. */
function namesOf(text: string, from: number, lineEnd: number): string[] | null {
  const names: string[] = [];
  if (text[from] !== '{') return null;
  for (let at = from + 1; ; at = MEMBER.lastIndex) {
    MEMBER.lastIndex = at;
    const found = MEMBER.exec(text);
    if (found === null) return null;
    names.push(found[1] ?? '');
    if (found[2] === '}') return MEMBER.lastIndex === lineEnd ? names : null;
  }
}

/** Null: it lacks what tells a turn, or says something wanted twice. */
function shapeOf(names: readonly string[]): Shape | null {
  const captures = new Map<string, number>();
  const members: string[] = [];
  for (const name of names) {
    const value = WANTED.get(name);
    if (value !== undefined) {
      if (captures.has(name)) return null;
      captures.set(name, captures.size + 1);
    }
    members.push(`"${name.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')}":${value ?? ANY}`);
  }
  if (!NEEDED.every((name) => captures.has(name))) return null;
  const at = (name: string): number => captures.get(name) ?? 0;
  return {
    line: new RegExp(`\\{${members.join(',')}\\}\\n`, 'y'),
    ...{ ts: at('ts'), rid: at('rid'), model: at('model'), status: at('status') },
    ...{ event: at('event'), ended: at('ended'), reason: at('reason'), op: at('op') },
    input: at('input_tokens') || at('in_tokens'),
    output: at('output_tokens') || at('out_tokens'),
    following: null,
  };
}
