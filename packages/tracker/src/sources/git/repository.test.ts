import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { gitRepo, lines } from '../../testing/git-repo.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { readCommits } from './read-commits.ts';
import { answered, namedCommit, openRepository } from './repository.ts';
import { unquoted } from './unquoted.ts';

vi.setConfig({ testTimeout: 90_000 });
afterEach(() => void vi.unstubAllEnvs());

describe('what cannot be read is named', () => {
  test('no git', async () => {
    using folder = tempDir();
    vi.stubEnv('PATH', folder.path);
    expect(await openRepository(folder.path)).toMatchObject({ ok: false, problem: { code: 'git-missing' } });
  });

  test('no repository, no folder, a file', async () => {
    using folder = tempDir();
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    for (const dir of [folder.path, join(folder.path, 'nowhere'), file]) {
      expect(await openRepository(dir)).toMatchObject({ ok: false, problem: { code: 'not-a-repository', file: dir } });
    }
  });

  test('no commit yet, a revision that is not there, one that looks like an option, a broken object', async () => {
    using repo = gitRepo();
    expect(await openRepository(repo.dir)).toMatchObject({ ok: false, problem: { code: 'unborn-head' } });
    expect(await openRepository(repo.dir, 'main')).toMatchObject({ ok: false, problem: { code: 'bad-revision' } });
    const first = repo.commit(0, 'base', { 'a.txt': lines('a', 3) });
    repo.commit(1, 'next', { 'a.txt': lines('a', 4) });
    expect(await namedCommit(repo.dir, '--help')).toMatchObject({ ok: false, problem: { code: 'bad-revision' } });
    expect(await namedCommit(repo.dir, 'HEAD~1')).toEqual({ ok: true, value: first });
    const object = join(repo.dir, '.git/objects', first.slice(0, 2), first.slice(2));
    chmodSync(object, 0o600);
    writeFileSync(object, 'not an object');
    const broken = await answered(async () => {
      for await (const _ of readCommits(repo.dir, 'HEAD')) continue;
    });
    expect(broken).toMatchObject({ ok: false, problem: { code: 'git-failed' } });
  });
});

test('names of files as git quotes them', () => {
  expect(unquoted('plain name')).toBe('plain name');
  expect(unquoted('"a/r\\351 n\\"q\\t\\\\.txt"')).toBe('a/r\u00e9 n"q\t\\.txt');
});
