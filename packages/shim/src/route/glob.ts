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
    if (char === '*') expression += '.*';
    else if (char === '?') expression += '.';
    else if (char === '[') {
      const close = source.indexOf(']', at + 2);
      if (close < 0) expression += '\\[';
      else {
        const body = source
          .slice(at + 1, close)
          .replace(/[\\\]^]/g, '\\$&')
          .replace(/^(!|\\\^)/, '^');
        expression += `[${body}]`;
        at = close;
      }
    } else expression += char.replace(/[\\^$.|+(){}]/g, '\\$&');
  }
  let compiled: RegExp;
  try {
    compiled = new RegExp(`^${expression}$`, 's');
  } catch {
    return (name) => name.toLowerCase() === source;
  }
  return (name) => compiled.test(name.toLowerCase());
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
