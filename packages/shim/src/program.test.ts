import { expect, test } from 'vitest';
import { program } from './program.ts';

const all = (await program('--help')).commands.map((command) => command.name());

test('there is a command for every word of the help', () => {
  expect(all).toEqual(expect.arrayContaining(['serve', 'status', 'start', 'service']));
});

test.each(all)('%s is loaded by its name, without the others', async (name) => {
  const names = (await program(name)).commands.map((command) => command.name());
  expect(names).toContain(name);
  expect(names.length).toBeLessThan(all.length / 2);
});

test('no word means serve', async () => {
  expect((await program()).commands.map((command) => command.name())).toEqual(['serve']);
});
