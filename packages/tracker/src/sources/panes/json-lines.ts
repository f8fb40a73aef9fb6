import { MAX_DOCUMENT_CHARS, unusableText } from './input.ts';
import { isFields, jsonOf } from './json-fields.ts';
import type { Fields } from './json-fields.ts';
import type { Sight } from './pane.ts';

/** An object of a text and the line it starts in, from 1. */
export interface LineFields {
  readonly line: number;
  readonly fields: Fields;
}

/** What a text of one document or of JSON lines holds. */
export interface TextFields {
  readonly objects: readonly LineFields[];
  /** Lines that hold something else, from 1. */
  readonly badLines: readonly number[];
}

/** A text this far from JSON lines is none, and trying every line of it would only take time. */
const MAX_BAD_LINES = 10_000;

/** The objects of a text: one document, or one object a line. A guard's refusal is noted, and then there are none. */
export function objectsOf(sight: Sight, text: string): TextFields {
  const unusable = unusableText(text, MAX_DOCUMENT_CHARS);
  if (unusable !== null) {
    sight.note(unusable);
    return { objects: [], badLines: [] };
  }
  const whole = jsonOf(text);
  if (isFields(whole)) return { objects: [{ line: 1, fields: whole }], badLines: [] };
  if (Array.isArray(whole)) return fromList(whole);
  return fromLines(text.replace(/^\uFEFF/, ''));
}

function fromList(list: readonly unknown[]): TextFields {
  const objects = list.filter(isFields).map((fields) => ({ line: 1, fields }));
  return { objects, badLines: objects.length < list.length ? [1] : [] };
}

function fromLines(text: string): TextFields {
  const objects: LineFields[] = [];
  const badLines: number[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const content = raw.trim();
    if (content === '') continue;
    const value = content.startsWith('{') ? jsonOf(content) : undefined;
    if (isFields(value)) objects.push({ line: index + 1, fields: value });
    else badLines.push(index + 1);
    if (badLines.length >= MAX_BAD_LINES) break;
  }
  return { objects, badLines };
}
