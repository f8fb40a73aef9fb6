import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../testing/temp-dir.ts';
import { whileLocked, withLock } from './journal-lock.ts';

const idOfADeadProcess = (): number => spawnSync(process.execPath, ['--version']).pid;

test('the lock names its holder while the work runs, and is gone afterwards', async () => {
  using dir = tempDir();
  const file = join(dir.path, 'a.lock');
  const seen = await withLock(file, () => readFileSync(file, 'utf8'));
  expect(seen).toEqual({ ok: true, value: `${process.pid}\n` });
  expect(existsSync(file)).toBe(false);
});

test('the lock is gone when the work throws', async () => {
  using dir = tempDir();
  const file = join(dir.path, 'a.lock');
  const failing = withLock(file, () => {
    throw new Error('broken');
  });
  await expect(failing).rejects.toThrow('broken');
  expect(existsSync(file)).toBe(false);
});

test.each([
  ['of a dead process', (file: string) => writeFileSync(file, `${idOfADeadProcess()}\n`)],
  ['with our own id, left by an earlier run', (file: string) => writeFileSync(file, `${process.pid}\n`)],
  [
    'of a living process that is too old to be true',
    (file: string) => {
      writeFileSync(file, `${process.ppid}\n`);
      utimesSync(file, new Date(0), new Date(0));
    },
  ],
  [
    'without an id, whose writer was killed at once',
    (file: string) => {
      const twoSecondsAgo = Date.now() / 1000 - 2;
      writeFileSync(file, '');
      utimesSync(file, twoSecondsAgo, twoSecondsAgo);
    },
  ],
])('a lock %s is taken over', async (_what, leave) => {
  using dir = tempDir();
  const file = join(dir.path, 'a.lock');
  leave(file);
  expect(await withLock(file, () => 'done', { waitMs: 1000 })).toEqual({ ok: true, value: 'done' });
  expect(existsSync(file)).toBe(false);
  expect(existsSync(`${file}.break`)).toBe(false);
});

test.each([
  ['of a living process', `${process.ppid}\n`],
  ['that is just being written', ''],
])('a lock %s is respected, and the problem says whose it is', async (_what, content) => {
  using dir = tempDir();
  const file = join(dir.path, 'a.lock');
  writeFileSync(file, content);
  let ran = false;
  const locked = await withLock(file, () => (ran = true), { waitMs: 60 });
  expect(locked).toMatchObject({
    ok: false,
    problem: { code: 'journal-locked', file, remedy: expect.stringMatching(/./) },
  });
  expect(ran).toBe(false);
  expect(readFileSync(file, 'utf8')).toBe(content);
});

test('a breaker left behind delays nobody for ever', async () => {
  using dir = tempDir();
  const file = join(dir.path, 'a.lock');
  writeFileSync(file, `${idOfADeadProcess()}\n`);
  writeFileSync(`${file}.break`, '');
  utimesSync(`${file}.break`, new Date(0), new Date(0));
  expect(await withLock(file, () => 'done', { waitMs: 1000 })).toEqual({ ok: true, value: 'done' });
});

test('work that waits is done by one after the other', async () => {
  using dir = tempDir();
  const file = join(dir.path, 'state.lock');
  const seen: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    seen.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(`${name} ends`);
  };
  await Promise.all(['a', 'b', 'c'].map(async (name) => whileLocked(file, work(name))));
  for (const [nth, what] of seen.entries()) if (nth % 2 === 1) expect(what).toBe(`${seen[nth - 1]?.[0]} ends`);
  expect(seen).toHaveLength(6);
  await expect(whileLocked(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(file)).toBe(false);
});
