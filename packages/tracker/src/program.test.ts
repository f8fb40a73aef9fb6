import { expect, test } from 'vitest';
import { runHere } from './testing/run-here.ts';

const { stdout: help } = await runHere(['--help']);
/** The first word of each line below "Commands:", without that of commander itself. */
const listed = [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}(\w[\w-]*)/gm)].flatMap(([, word = '']) =>
  word === 'help' ? [] : [word],
);
/** Not listed, kept for scripts written for earlier programs. */
const HIDDEN = ['complete', 'window-finalize', 'window-audit'];

test('the help lists the commands', () => {
  expect(listed).toEqual(expect.arrayContaining(['poll', 'report', 'window', 'doctor', 'service']));
});

test.each([...listed, ...HIDDEN])('%s, loaded by its name, explains itself', async (word) => {
  const { code, stdout } = await runHere([word, '--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^Usage: tracker ${word} `));
});
