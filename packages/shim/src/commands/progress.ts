import { clipEnd } from './text/line.ts';
import { printable } from './text/printable.ts';

/** How far a long piece of work is: one line on a terminal, written over again and again. Elsewhere nothing. */
export class Progress {
  readonly #isShown = process.stderr.isTTY && process.env['TERM'] !== 'dumb';
  #isDirty = false;

  say(text: string): void {
    if (!this.#isShown) return;
    process.stderr.write(`\r${clipEnd(printable(text), (process.stderr.columns || 80) - 1)}\u001B[K`);
    this.#isDirty = true;
  }

  /** Before anything else is printed. */
  clear(): void {
    if (this.#isDirty) process.stderr.write('\r\u001B[K');
    this.#isDirty = false;
  }
}
