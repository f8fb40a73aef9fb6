/** A configuration as lines of block YAML, each key on a line of its own, in the order of the object. */
export function yamlLines(value: Readonly<Record<string, unknown>>): string[] {
  return mapLines(value, '');
}

function mapLines(map: object, indent: string): string[] {
  return Object.entries(map).flatMap(([key, value]: [string, unknown]) => {
    const head = `${indent}${scalar(key)}:`;
    const body = isBranch(value) ? branchLines(value, `${indent}  `) : null;
    return value === undefined ? [] : body === null ? [`${head} ${leaf(value)}`] : [head, ...body];
  });
}

function branchLines(value: object, indent: string): string[] {
  if (!Array.isArray(value)) return mapLines(value, indent);
  return value.flatMap((item: unknown) => {
    if (!isBranch(item)) return [`${indent}- ${leaf(item)}`];
    const [first = '', ...rest] = branchLines(item, `${indent}  `);
    return [`${indent}- ${first.slice(indent.length + 2)}`, ...rest];
  });
}

/** A map or a list with something in it, and not a list of words, which fits on one line. */
function isBranch(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => typeof item === 'object' && item !== null);
  return Object.keys(value).length > 0;
}

function leaf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(leaf).join(', ')}]`;
  if (typeof value === 'string') return scalar(value);
  // An empty map, a number, a boolean or null is written alike in YAML and JSON.
  return JSON.stringify(value) ?? 'null';
}

/** Plain where nothing can be read into it, else in double quotes, which YAML reads as JSON does. */
function scalar(text: string): string {
  const plain = /^[A-Za-z_/][\w./-]*(?::\/\/[\w./:-]+)?$/.test(text) && !text.endsWith(':') && !RESERVED.test(text);
  return plain ? text : JSON.stringify(text);
}

const RESERVED = /^(?:true|false|yes|no|on|off|y|n|null|~)$/i;
