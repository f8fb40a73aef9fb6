// Control, format (bidi overrides, zero-width), surrogate, private-use and unassigned characters, line separators, and
// the selectors that change the width of the character before them.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Variation_Selector}]/gu;

/** Text that can't steer a terminal: an escape sequence in a model name must not move the cursor or hide a line. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '?');
}

/** A name for people. Some clients send an empty model name, which would look like a hole in the table. */
export function nameShown(name: string): string {
  return name.trim() === '' ? '(unnamed)' : printable(name);
}
