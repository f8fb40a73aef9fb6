import type { Problem } from '../../problem.ts';

export function gitMissing(): Problem {
  return { code: 'git-missing', message: 'there is no git to run', remedy: 'Install git, or put it on the PATH' };
}

export function unbornHead(dir: string): Problem {
  return {
    code: 'unborn-head',
    file: dir,
    message: `the repository ${dir} has no commit yet`,
    remedy: 'Commit something first',
  };
}

export function badRevision(dir: string, revision: string): Problem {
  return {
    code: 'bad-revision',
    file: dir,
    message: `${dir} has no commit called ${revision}`,
    remedy: 'git log --oneline lists those it has; a shallow clone may have to be deepened',
  };
}

export function shallowClone(dir: string, edge: number): Problem {
  return {
    code: 'shallow-clone',
    file: dir,
    message: `${dir} is a shallow clone: what happened before its ${edge} oldest commits, and in them, is not counted`,
    remedy: 'git fetch --unshallow brings the rest',
  };
}

/** What git meant by what it printed in the C locale. */
export function failureOf(dir: string, args: readonly string[], stderr: string): Problem {
  const said = stderr.trim().split('\n').at(-1) ?? '';
  if (/not a git repository/i.test(stderr) || /cannot change to .*(No such file|Not a directory)/i.test(stderr)) {
    return {
      code: 'not-a-repository',
      file: dir,
      message: `${dir} is no git repository`,
      remedy: 'Give the folder of one: --repo DIR',
    };
  }
  if (/dubious ownership/i.test(stderr)) {
    return {
      code: 'not-a-repository',
      file: dir,
      message: `git does not trust ${dir}, because another user owns it`,
      remedy: `git config --global --add safe.directory ${dir} says that you do`,
    };
  }
  return {
    code: 'git-failed',
    file: dir,
    message: `git ${args[0] ?? ''} could not read ${dir}: ${said === '' ? 'it did not say why' : said}`,
    remedy: 'git fsck tells whether the repository is whole',
  };
}
