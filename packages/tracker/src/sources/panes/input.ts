import type { Problem } from '../../problem.ts';

/** A pane is a screen or a scrollback of them. In UTF-16 units. */
export const MAX_PANE_CHARS = 2 * 1024 * 1024;
/** A document or a piece of a log. In UTF-16 units. */
export const MAX_DOCUMENT_CHARS = 16 * 1024 * 1024;

const SAMPLE_CHARS = 65_536;

/** Why a text cannot be what it should be, or null. Looks at a bounded part of it. */
export function unusableText(text: string, maxChars: number): Problem | null {
  if (text.length > maxChars) {
    return {
      code: 'text-too-large',
      message: `the text has ${text.length} characters; at most ${maxChars} are read`,
      remedy: 'Give only the part that shows the meters',
    };
  }
  const sample = text.slice(0, SAMPLE_CHARS);
  if (isBinary(sample)) {
    return { code: 'binary-text', message: 'the input is not text', remedy: 'Save the output as UTF-8 text' };
  }
  if (text.length <= SAMPLE_CHARS && sample.trim() === '') {
    return { code: 'empty-text', message: 'the text is empty', remedy: 'Copy the output again, all of it' };
  }
  return null;
}

// Controls that no terminal output needs; U+FFFD is what a decoder leaves of bytes that are no text.
// oxlint-disable-next-line no-control-regex
const ODD = /[\u0001-\u0006\u000e-\u001a\u001c-\u001f]/g;

function isBinary(sample: string): boolean {
  if (sample.includes('\u0000')) return true;
  const odd = sample.match(ODD)?.length ?? 0;
  const undecoded = sample.match(/\uFFFD/g)?.length ?? 0;
  // A frame decoded with the wrong character set is full of U+FFFD and still has its figures.
  return odd > sample.length / 20 || undecoded > sample.length * 0.6;
}
