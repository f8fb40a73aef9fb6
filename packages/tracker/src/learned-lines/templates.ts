import { bitsOf, ECHO_BITS, FIXED_BITS } from './field-rules.ts';
import type { FieldRule, LineRules } from './field-rules.ts';
import type { Kernel } from './kernel.ts';
import { CELL_BYTES, MOST_LEAVES, MOST_LINE_BYTES, MOST_TEMPLATES, ROWS, slotAt, TABLE } from './kernel-memory.ts';
import { plainLeaves } from './plain-leaves.ts';
import type { Leaf } from './plain-leaves.ts';

/** Where the kernel has a rule and a cell for a leaf. */
interface RuledLeaf extends Leaf {
  readonly bits: number;
  /** Bytes from the first cell. */
  readonly cell: number;
  readonly compared: FieldRule['compared'];
}

/** A line that was met: what of it has varied since is read by its rule, everything else is compared as it is. */
interface Template {
  readonly line: string;
  readonly leaves: readonly RuledLeaf[];
  readonly varies: boolean[];
}

interface Room {
  readonly kernel: Kernel;
  readonly bytes: Buffer;
  readonly words: Uint32Array;
}

/** Index of the slot and the entry for a line that is only tried. */
const TRIED = MOST_TEMPLATES;
const ENTRY_WORDS = CELL_BYTES / 4;

/**
 * Takes lines the kernel did not know and makes templates of them. A line is learned only when the kernel, with each of
 * its values read by its rule, finds it in order: so what a template reads keeps every rule, whatever was learned.
 */
export class Templates {
  readonly #room: Room;
  readonly #rules: LineRules;
  readonly #columns: readonly string[];
  readonly #names: ReadonlySet<string>;
  readonly #all: Template[] = [];
  /** By what stands between the values that may vary. */
  readonly #byShape = new Map<string, number>();

  constructor(room: Room, rules: LineRules, columns: readonly string[]) {
    this.#room = room;
    this.#rules = rules;
    this.#columns = columns;
    this.#names = new Set(Object.keys(rules.echoes ?? {}));
    this.#enter(TRIED);
  }

  get count(): number {
    return this.#all.length;
  }

  /** False: nothing came of it, so the next line of this kind will not be known either. */
  learn(from: number, lineEnd: number): boolean {
    const { bytes, kernel } = this.#room;
    if (lineEnd - from > MOST_LINE_BYTES) return false;
    const line = bytes.toString('latin1', from, lineEnd);
    const leaves = this.#ruled(line);
    if (leaves === null) return false;
    this.#writeSteps(TRIED, from, { line, leaves, varies: leaves.map(isRuled) });
    if (kernel.match(entryAt(TRIED), from, ROWS) !== lineEnd) return false;
    const shape = shapeOf(line, leaves);
    const known = this.#byShape.get(shape);
    if (known !== undefined) return this.#loosen(known, line, leaves);
    if (this.#all.length === MOST_TEMPLATES) return false;
    this.#byShape.set(shape, this.#all.length);
    this.#add(line, leaves);
    return true;
  }

  /** Null: the line is not plain, or its fields are not what the rules need. */
  #ruled(line: string): readonly RuledLeaf[] | null {
    const found = plainLeaves(line, this.#names);
    if (found === null || found.length > MOST_LEAVES) return null;
    const before = new Set<string>();
    const leaves: RuledLeaf[] = [];
    for (const leaf of found) {
      const ruled = leaf.isName ? this.#echo(leaf, before) : this.#value(leaf);
      if (ruled === null) return null;
      if (!leaf.isName) before.add(leaf.path);
      leaves.push(ruled);
    }
    const isWhole = Object.entries(this.#rules.fields).every(([path, { needed }]) => !needed || before.has(path));
    return isWhole ? leaves : null;
  }

  /** Null: the field it repeats comes later, when its cell says something else yet. */
  #echo(leaf: Leaf, before: ReadonlySet<string>): RuledLeaf | null {
    const path = this.#rules.echoes?.[leaf.path] ?? '';
    return before.has(path) ? { ...leaf, bits: ECHO_BITS, cell: this.#cellOf(path), compared: undefined } : null;
  }

  #value(leaf: Leaf): RuledLeaf {
    const { fields, others } = this.#rules;
    const rule: FieldRule | undefined = Object.hasOwn(fields, leaf.path) ? fields[leaf.path] : undefined;
    if (rule === undefined)
      return { ...leaf, bits: others === 'any' ? bitsOf({ value: 'any' }) : FIXED_BITS, cell: 0, compared: undefined };
    return { ...leaf, bits: bitsOf(rule), cell: this.#cellOf(leaf.path), compared: rule.compared };
  }

  #cellOf(path: string): number {
    return Math.max(0, this.#columns.indexOf(path)) * CELL_BYTES;
  }

  /** Marks what is another value than in the template's line. */
  #loosen(number: number, line: string, leaves: readonly RuledLeaf[]): boolean {
    const template = this.#all[number];
    if (template === undefined) return false;
    let isChanged = false;
    for (const [nth, { from, to, bits }] of leaves.entries()) {
      const own = template.leaves[nth];
      if (own === undefined || bits === FIXED_BITS || template.varies[nth] === true) continue;
      if (template.line.slice(own.from, own.to) === line.slice(from, to)) continue;
      template.varies[nth] = true;
      isChanged = true;
    }
    if (isChanged) this.#writeSteps(number, slotAt(number).line, template);
    return isChanged;
  }

  /** The cells of what does not vary yet are taken once, from the template's own line. */
  #add(line: string, leaves: readonly RuledLeaf[]): void {
    const { bytes, kernel } = this.#room;
    const number = this.#all.length;
    const slot = slotAt(number);
    bytes.write(line, slot.line, 'latin1');
    this.#writeSteps(TRIED, slot.line, { line, leaves, varies: leaves.map(isRuled) });
    kernel.match(entryAt(TRIED), slot.line, ROWS);
    const cells = ROWS + CELL_BYTES;
    bytes.copy(bytes, slot.constants, cells, cells + this.#columns.length * CELL_BYTES);
    const template = { line, leaves, varies: leaves.map(({ compared }) => compared === 'never') };
    this.#writeSteps(number, slot.line, template);
    this.#enter(number);
    this.#all.push(template);
  }

  /** @param lineAt where the bytes of the line are */
  #writeSteps(number: number, lineAt: number, { line, leaves, varies }: Template): void {
    const { words } = this.#room;
    let at = slotAt(number).steps / 4;
    let done = 0;
    for (const [nth, { from, to, bits, cell }] of leaves.entries()) {
      if (varies[nth] !== true) continue;
      words.set([lineAt + done, from - done, bits, cell], at);
      at += ENTRY_WORDS;
      done = to;
    }
    words.set([lineAt + done, line.length - done, 0, 0], at);
  }

  #enter(number: number): void {
    const { steps, constants } = slotAt(number);
    this.#room.words.set([steps, constants, number % MOST_TEMPLATES, 0], entryAt(number) / 4);
  }
}

function entryAt(number: number): number {
  return TABLE + number * CELL_BYTES;
}

function isRuled({ bits }: RuledLeaf): boolean {
  return bits !== FIXED_BITS;
}

function shapeOf(line: string, leaves: readonly RuledLeaf[]): string {
  const parts: string[] = [];
  let done = 0;
  for (const { from, to } of leaves.filter((leaf) => isRuled(leaf) && leaf.compared !== 'always')) {
    parts.push(line.slice(done, from));
    done = to;
  }
  return [...parts, line.slice(done)].join('\0');
}
