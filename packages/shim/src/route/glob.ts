/**
 * Matches model names: `*` any run of characters (also `/`), `?` one, `[…]` one of a class. Whole string, any case.
 * A malformed class is taken literally. An empty pattern matches nothing.
 */
export function globMatcher(pattern: string): (name: string) => boolean {
  const source = pattern.trim().toLowerCase();
  if (source === '') return () => false;
  if (source === '*') return () => true;
  let expression = '';
  for (let at = 0; at < source.length; at += 1) {
    const char = source.charAt(at);
    const set = char === '[' ? classAt(source, at) : null;
    if (set !== null) {
      expression += set.expression;
      at = set.end;
    } else if (char === '*') expression += '.*';
    else if (char === '?') expression += '.';
    else expression += char.replace(/[\\^$.|+(){}[\]]/g, '\\$&');
  }
  const compiled = new RegExp(`^${expression}$`, 's');
  return (name) => compiled.test(name.toLowerCase());
}

/** A class such as `[abc]`, `[a-f]`, `[!x]`, and where it ends; null when it is none. */
function classAt(source: string, at: number): { readonly expression: string; readonly end: number } | null {
  const negated = source[at + 1] === '!' || source[at + 1] === '^';
  const from = at + (negated ? 2 : 1);
  const end = source.indexOf(']', from + 1);
  if (end < 0) return null;
  const expression = `[${negated ? '^' : ''}${source.slice(from, end).replace(/[\\\]^[]/g, '\\$&')}]`;
  try {
    // A range that runs backwards is no class.
    RegExp(expression);
    return { expression, end };
  } catch {
    return null;
  }
}

/**
 * Does a pattern mean this model? Dated ids match their alias: `claude-haiku-4-5-20251001`, `claude-haiku-4-5-latest`
 * and `claude-haiku-4.5` are one model, and a `[1m]` suffix selects a context size, not another model.
 */
export function modelMatcher(pattern: string): (model: string) => boolean {
  const plain = globMatcher(pattern);
  const folded = globMatcher(foldModel(pattern));
  return (model) => plain(model) || folded(foldModel(model));
}

export function foldModel(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/\[\d+[km]\]$/, '')
    .replace(/[-@](20\d{6}|latest)$/, '')
    .replace(/(\d)\.(?=\d)/g, '$1-');
}
