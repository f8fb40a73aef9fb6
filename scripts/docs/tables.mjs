// What a test has to know about commands that are written for people.

import { spawnSync } from 'node:child_process';

const hasCurl = spawnSync('curl', ['--version'], { stdio: 'ignore' }).error === undefined;

/** Not run, and why. The first that matches counts. */
export const NOT_RUN = [
  [
    /^npx -y pnpm@\S+ (?:start|demo)\b/u,
    'builds and installs first; scripts/release.mjs and the demo try the programs',
  ],
  [/^npx -y pnpm@\S+ /u, 'a run of its own: a gate, a benchmark or an installation'],
  [/^npm install -g /u, 'installs for the whole machine; pnpm release:check installs into an empty prefix'],
  [/^claude\b|&& claude\b/u, 'needs the real client; pnpm e2e runs it'],
  [/^(?:systemctl|loginctl|launchctl|journalctl)\b/u, "changes or asks this machine's supervisor"],
  [
    /\bservice (?:install|uninstall|status|logs)\b/u,
    "changes or asks this machine's supervisor; pnpm supervise runs the unit",
  ],
  [
    /^(?:shim|tracker) (?:start|stop|restart)\b|main\.js (?:start|stop|restart)\b/u,
    'leaves a process behind; commands.test.ts starts and stops one',
  ],
  [/\blicense login\b|\bissuer (?:approve|deny|pending)\b/u, 'waits for a person who approves'],
  [/\bprobe glm\b/u, 'spends the quota of a real plan'],
  [/^tracker upload\b(?! status)/u, 'needs an aggregator; the tests of the tracker run one'],
  [/^node (?:bench|scripts)\/(?!e2e-smoke|bundle|docs-commands)/u, 'a run of its own'],
  [/^git (?:rebase|push|commit|tag|checkout|worktree)\b/u, "changes the reader's repository"],
  ...(hasCurl ? [] : [[/^curl /u, 'there is no curl on this machine']]),
  [/^(?:promtool|prometheus)\b/u, 'not a program of ours'],
];

/** Runs until it is ended: ended when it has printed something. */
export const LONG_RUNNING = [
  /(?:^shim|main\.js) serve\b/u,
  /(?:^shim|main\.js) simulate\b(?!.*--list-presets)/u,
  /(?:^shim|main\.js) aggregate\b(?! key)/u,
  /(?:^shim|main\.js) issuer serve\b/u,
  /(?:^tracker|main\.js) dashboard\b/u,
  /(?:^tracker|main\.js) preview\b(?!.*(?:--once|--json|--format))/u,
  /(?:^tracker|main\.js) poll\b.*--watch/u,
  /--watch\b/u,
  /(?:^shim|main\.js) service logs\b.*-f/u,
  /^curl\b.*\/v1\/events/u,
];

/** Changes nothing and is shown on several pages: tried once. */
export const ONCE = [/^(?:shim|tracker) doctor$/u, /^shim config check$/u, /^curl -s /u];

/** What is typed where the docs have an example; `world` has the ports and ids of this run. */
export function adapted(text, world) {
  let changed = text
    .replaceAll('127.0.0.1:8082', `127.0.0.1:${world.port}`)
    .replaceAll('localhost:8082', `127.0.0.1:${world.port}`)
    .replaceAll(/\b(?:5c1e90ab|2a2ad845)\b/gu, world.rid)
    .replaceAll('KID.key.pem', '*.key.pem')
    .replace(/--port \d+/u, '--port 0');
  if (/(?:^tracker|main\.js) dashboard\b/u.test(changed) && !changed.includes('--port')) changed += ' --port 0';
  if (/(?:^shim|main\.js) (?:serve|aggregate)\b/u.test(changed) && !/--port| key /u.test(changed))
    changed += ' --port 0';
  // A second shim on the same database would be refused or would share its books.
  if (/(?:^shim|main\.js) serve\b/u.test(changed) && !changed.includes('--state-dir')) changed += ' --state-dir second';
  return changed;
}

/** What a person would paste, by the command that reads it. */
export const PASTED = [
  [/ingest codex\b/u, 'codex.txt'],
  [/ingest claude\b/u, 'usage.txt'],
  [/ingest statusline\b|\bstatusline\b/u, 'statusline.json'],
];
