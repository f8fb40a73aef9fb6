import { createRequire } from 'node:module';
import type * as Yaml from 'yaml';

const require = createRequire(import.meta.url);

/** Loaded with the first file: it costs about 40 ms, and many commands read none. */
function yaml(): typeof Yaml {
  return require('yaml') as typeof Yaml;
}

/** Something in a config file we could not use, or kept without using. */
export interface ConfigProblem {
  readonly file: string;
  /** 1-based; null when the problem is the file itself. */
  readonly line: number | null;
  readonly message: string;
  readonly remedy: string;
}

export function describeProblem(problem: ConfigProblem): string {
  const place = problem.line === null ? problem.file : `${problem.file}:${problem.line}`;
  return `${place}: ${problem.message}. ${problem.remedy}`;
}

/** A parsed file that can say on which line a JSON pointer lies. */
export interface LocatedDocument {
  readonly value: unknown;
  lineOf(pointer: string): number | null;
}

/** Parses YAML (of which JSON is a part), keeping positions. */
export function parseYaml(file: string, text: string): LocatedDocument | ConfigProblem {
  const { LineCounter, isNode, parseDocument } = yaml();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined) {
    const line = lines.linePos(error.pos[0]).line;
    return {
      file,
      line,
      message: `not valid YAML: ${firstLine(error.message)}`,
      remedy: 'Check indentation, colons and quotes on this line',
    };
  }
  let value: unknown;
  try {
    value = document.toJS();
  } catch {
    const line = lineOfBadAlias(document, lines);
    return {
      file,
      line,
      message: 'not valid YAML: an alias (*name) has no anchor, or too many stand for one another',
      remedy: 'Write the value out',
    };
  }
  return {
    value,
    lineOf: (pointer) => {
      const keys = pointer.split('/').slice(1).map(unescapePointer);
      // A missing key has no place of its own: the nearest enclosing one does.
      for (; ; keys.pop()) {
        const node = keys.length === 0 ? document.contents : document.getIn(keys, true);
        if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
        if (keys.length === 0) return null;
      }
    },
  };
}

/** Parses strict JSON; positions come from reading the same text as YAML. */
export function parseJsonFile(file: string, text: string): LocatedDocument | ConfigProblem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's own message quotes the text, which may be a key that was put in the wrong file.
    const line = text.slice(0, jsonErrorAt(text)).split('\n').length;
    return { file, line, message: 'not valid JSON', remedy: 'Check commas, quotes and brackets on this line' };
  }
  const located = parseYaml(file, text);
  return { value, lineOf: (pointer) => ('value' in located ? located.lineOf(pointer) : null) };
}

/** Offset of the first character that no valid JSON could have there: the longest beginning that only lacks its end. */
function jsonErrorAt(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (lacksOnlyItsEnd(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function lacksOnlyItsEnd(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    return /end of JSON|Unterminated/.test(message) || Number(position) === beginning.length;
  }
}

function lineOfBadAlias(document: Yaml.Document, lines: Yaml.LineCounter): number | null {
  const { visit } = yaml();
  let line: number | null = null;
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.range && (line === null || alias.resolve(document) === undefined))
        line = lines.linePos(alias.range[0]).line;
      return alias.resolve(document) === undefined ? visit.BREAK : undefined;
    },
  });
  return line;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

function unescapePointer(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}
