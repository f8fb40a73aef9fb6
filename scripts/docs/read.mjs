// The commands of a Markdown file: every line of its ```sh blocks, with the exit code its comment promises.

/**
 * @returns {{ line: number, text: string, exits: number[], block: number }[]} `text` is without the trailing comment;
 * `exits` is [0] unless the comment says `# exits 30` or `# exits 10 or 20`
 */
export function commandsOf(markdown) {
  const found = [];
  let block = 0;
  let inside = false;
  let joined = '';
  for (const [index, line] of markdown.split('\n').entries()) {
    if (inside && /^\s*```/u.test(line)) inside = false;
    else if (!inside && /^\s*```sh\s*$/u.test(line)) {
      inside = true;
      block += 1;
    } else if (inside) {
      joined += line.replace(/\\$/u, ' ');
      if (line.endsWith('\\')) continue;
      const [text, comment] = withoutComment(joined);
      joined = '';
      if (text !== '') found.push({ line: index + 1, text, exits: exitsIn(comment), block });
    }
  }
  return found;
}

/** A comment begins with a # that stands alone, outside quotes. */
function withoutComment(line) {
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const sign = line[at];
    if (quote !== '') quote = sign === quote ? '' : quote;
    else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === '#' && (at === 0 || /\s/u.test(line[at - 1]))) return [line.slice(0, at).trim(), line.slice(at)];
  }
  return [line.trim(), ''];
}

function exitsIn(comment) {
  const promised = /\bexits (\d+(?:(?:,| or) ?\d+)*)/u.exec(comment)?.[1];
  return promised === undefined ? [0] : promised.match(/\d+/gu).map(Number);
}
