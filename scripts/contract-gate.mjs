#!/usr/bin/env node
// The workflow for other repositories, step by step, as a runner would do it.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { problemsOf, readWorkflow } from './ci/workflow.mjs';
import { plainEnv } from './e2e/world.mjs';
import { readFlags } from './read-flags.mjs';

const HELP = `Usage: node scripts/contract-gate.mjs [options]

Checks the form of docs/integration/ci/contract-gate.yml and runs its steps in a repository made up for it: with tarballs
of this checkout, which npm installs (the registry, or npm's cache, has to be there), a home of its own and free ports.
Then once more with a document that breaks its schema, and with schemas that were promised more: both must stop it.

  --form     only the form of the file
  --json     print the result as JSON
  --verbose  print what each step said
  --help     print this

Exit codes: 0 the workflow does what it says, 1 it does not, 2 not built, no POSIX shell or curl, or a wrong command line.`;

const OPTIONS = {
  form: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};
const ROOT = resolve(import.meta.dirname, '..');
const FILE = 'docs/integration/ci/contract-gate.yml';
const STEP_TIMEOUT_MS = 180_000;

process.exitCode = await main();

async function main() {
  const { flags, code } = readFlags({ name: 'contract-gate', help: HELP, options: OPTIONS });
  if (flags === null) return code;
  const workflow = readWorkflow(join(ROOT, FILE));
  const problems = problemsOf(workflow);
  const report = (ok, rest) => {
    if (flags.json) console.log(JSON.stringify({ ok, problems, ...rest }));
    for (const one of problems) console.error(`contract-gate: ${FILE}: ${one}`);
    return ok ? 0 : 1;
  };
  if (flags.form || problems.length > 0) return report(problems.length === 0, {});
  const missing = whatIsMissing();
  if (missing !== undefined) {
    console.error(`contract-gate: ${missing}`);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), 'ccp-gate-'));
  const groups = [];
  try {
    const job = Object.values(workflow.jobs)[0];
    const world = await openWorld(folder, groups);
    const say = flags.json ? () => undefined : console.log;
    const steps = [];
    for (const step of job.steps.filter(({ run }) => run !== undefined)) {
      const done = await runStep(step, world);
      steps.push({ name: step.name, ok: done.code === 0, ms: done.ms });
      say(`${done.code === 0 ? 'ok    ' : 'FAILED'}  ${step.name} (${(done.ms / 1000).toFixed(1)} s)`);
      if (flags.verbose || done.code !== 0) say(done.said.trimEnd());
      if (done.code !== 0) return report(false, { steps });
    }
    const refusals = await refused(job, world);
    for (const { name, ok } of refusals) say(`${ok ? 'ok    ' : 'FAILED'}  ${name}`);
    return report(
      refusals.every(({ ok }) => ok),
      { steps, refusals },
    );
  } finally {
    for (const pid of groups) endGroup(pid);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function whatIsMissing() {
  if (process.platform === 'win32') return 'the steps are written for a POSIX shell, which Windows lacks.';
  if (spawnSync('curl', ['--version'], { stdio: 'ignore' }).status !== 0) return 'there is no curl on this machine.';
  if (!existsSync(join(ROOT, 'packages/shim/dist/main.js'))) return 'not built yet. Run pnpm build first.';
  return undefined;
}

/** A repository with tarballs, schemas and documents where the workflow looks for them. */
async function openWorld(folder, groups) {
  const [repo, temp, home] = ['repo', 'temp', 'home'].map((name) => join(folder, name));
  for (const one of [join(repo, 'vendor'), join(repo, 'ccp'), temp, home]) mkdirSync(one, { recursive: true });
  for (const name of ['shim', 'contracts']) pack(name, join(repo, 'vendor'));
  const contracts = join(ROOT, 'packages', 'contracts');
  cpSync(join(contracts, 'released', 'v1'), join(repo, 'ccp', 'schemas'), { recursive: true });
  const valid = join(ROOT, 'fixtures', 'contracts', 'v1', 'valid');
  for (const name of ['usage', 'usage-event', 'quotas-config'])
    cpSync(join(valid, name), join(repo, 'ccp', 'documents', name), { recursive: true });
  const plain = plainEnv(home);
  const env = {
    ...plain,
    RUNNER_TEMP: temp,
    GITHUB_PATH: join(folder, 'path'),
    // What npm has fetched before need not be fetched again; nothing else of this machine's home is seen.
    npm_config_cache: spawnSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).stdout.trim(),
    npm_config_prefer_offline: 'true',
  };
  for (const [name, value] of Object.entries(process.env))
    if (/^(?:npm_config_(?:registry|userconfig)|https?_proxy|no_proxy|SSL_CERT_FILE|NODE_EXTRA_CA_CERTS)$/iu.test(name))
      env[name] = value;
  const [shim, provider] = await Promise.all([freePort(), freePort()]);
  return { repo, env, groups, ports: { CCP_SHIM_PORT: String(shim), CCP_PROVIDER_PORT: String(provider) } };
}

function pack(name, to) {
  const from = join(ROOT, 'packages', name);
  const command = `npx -y pnpm@10.34.9 pack --pack-destination "${to}"`;
  const { status, stderr, stdout } = spawnSync(command, { cwd: from, shell: true, encoding: 'utf8' });
  if (status !== 0) throw new Error(`pnpm pack in packages/${name} left with ${status}: ${stderr || stdout}`);
  const made = readdirSync(to).find((file) => file.startsWith(`ccp-${name}-`));
  cpSync(join(to, made), join(to, `ccp-${name}.tgz`));
}

/** As `shell: bash` of a runner does it: what leaves with another code than 0 ends the step, also inside a pipe. */
function runStep({ run }, { repo, env, groups, ports }, more = {}) {
  const job = Object.values(readWorkflow(join(ROOT, FILE)).jobs)[0];
  const added = existsSync(env.GITHUB_PATH) ? readFileSync(env.GITHUB_PATH, 'utf8').trim().split('\n') : [];
  const began = performance.now();
  const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', run], {
    cwd: repo,
    env: { ...env, ...job.env, ...ports, ...more, PATH: [...added.toReversed(), env.PATH].join(delimiter) },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Servers that a step leaves behind live until the job ends.
    detached: true,
  });
  groups.push(child.pid);
  return new Promise((done) => {
    let said = '';
    const timer = setTimeout(() => endGroup(child.pid), STEP_TIMEOUT_MS);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk) => (said = (said + chunk).slice(-6000)));
    child.once('close', (code) => {
      clearTimeout(timer);
      done({ code, said, ms: Math.round(performance.now() - began) });
    });
  });
}

/** The gate must not only let pass: a bad document and a broken promise have to stop it. */
async function refused({ steps }, world) {
  const stepWith = (text) => steps.find(({ run }) => run?.includes(text));
  const documents = join(world.repo, 'bad', 'usage-event');
  mkdirSync(documents, { recursive: true });
  writeFileSync(join(documents, 'turns.jsonl'), '{"ts":1,"rid":"a","lane":"b","model":"c","status":"200"}\n');
  const bad = await runStep(stepWith('contracts validate "$(basename'), world, { CCP_DOCUMENTS: 'bad' });
  const schemas = join(world.repo, 'promised');
  cpSync(join(world.repo, 'ccp', 'schemas'), schemas, { recursive: true });
  const file = join(schemas, 'usage.schema.json');
  const usage = JSON.parse(readFileSync(file, 'utf8'));
  usage.properties.forecast = { type: 'number' };
  writeFileSync(file, JSON.stringify(usage));
  const promise = await runStep(stepWith('contracts check'), world, { CCP_SCHEMAS: 'promised' });
  return [
    { name: 'a document that breaks its schema stops it', ok: bad.code === 1 && bad.said.includes('/status') },
    { name: 'a field that is gone stops it', ok: promise.code === 1 && promise.said.includes('forecast') },
  ];
}

function endGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function freePort() {
  return new Promise((done, fail) => {
    const server = createServer().once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
