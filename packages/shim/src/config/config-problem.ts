import { LineCounter, isNode, parseDocument } from 'yaml';

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
  return {
    value: document.toJS() as unknown,
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
  try {
    JSON.parse(text);
  } catch (error) {
    const message = (error as Error).message;
    const position = /position (\d+)/.exec(message)?.[1];
    const before = position === undefined ? text : text.slice(0, Number(position));
    return {
      file,
      line: before.split('\n').length,
      message: `not valid JSON: ${firstLine(message)}`,
      remedy: 'Check commas, quotes and brackets on this line',
    };
  }
  const located = parseYaml(file, text);
  return 'value' in located ? located : { value: JSON.parse(text) as unknown, lineOf: () => null };
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

function unescapePointer(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}
