#!/usr/bin/env node
// What is published, made and tried out: tarballs, a bill of materials, the licences of what comes with them.
// Everything is written to artifacts/release; nothing is published.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { killAll, startServer } from './e2e/children.mjs';

const HELP = `Usage: pnpm release:check [options]

Packs shim, tracker and contracts twice and compares the tarballs byte for byte, installs them into an empty prefix, sends
a turn through what was installed, and writes a bill of materials (CycloneDX) and the notices of third parties.

  --audit   ask the registry for known vulnerabilities, too; exit 1 when there are any in what is installed
  --help    print this`;

const { values: flags } = parseArgs({ options: { audit: { type: 'boolean' }, help: { type: 'boolean' } } });
const ROOT = resolve(import.meta.dirname, '..');
const OUT = join(ROOT, 'artifacts', 'release');
const PACKAGES = ['shim', 'tracker', 'contracts'];
/** Licences that ask for no more than a notice. */
const ALLOWED = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
  'CC0-1.0',
  'Python-2.0',
]);

if (flags.help) console.log(HELP);
else process.exitCode = await main();

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'ccp-release-'));
  try {
    const tarballs = PACKAGES.map((name) => packTwice(name, folder));
    const project = join(folder, 'project');
    mkdirSync(project);
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({ name: 'installed', version: '0.0.0', private: true }),
    );
    run('npm', ['install', '--no-audit', '--no-fund', ...tarballs], project);
    await tryOut(project, folder);
    const bom = JSON.parse(run('npm', ['sbom', '--sbom-format', 'cyclonedx'], project));
    const licences = notices(project);
    const refused = licences.filter(
      ({ license }) => !license.split(' OR ').some((one) => ALLOWED.has(one.replace(/[()]/g, ''))),
    );
    write(bom, licences, tarballs);
    for (const { name, license } of refused)
      console.error(`release: ${name} is under ${license}, which is not on the list`);
    const audited = flags.audit ? audit(project) : true;
    console.log(
      `release: ${tarballs.length} tarballs, the same when packed again; ${licences.length} packages come with them`,
    );
    return refused.length === 0 && audited ? 0 : 1;
  } catch (error) {
    console.error(`release: ${error.message}`);
    return 1;
  } finally {
    killAll();
    rmSync(folder, { recursive: true, force: true });
  }
}

function packTwice(name, folder) {
  const [first, second] = ['a', 'b'].map((one) => {
    const to = join(folder, one);
    run('pnpm', ['pack', '--pack-destination', to], join(ROOT, 'packages', name));
    return join(
      to,
      readdirSync(to).find((file) => file.startsWith(`ccp-${name}-`)),
    );
  });
  if (hash(first) !== hash(second)) throw new Error(`${name}: packed again, the tarball is another one`);
  return first;
}

/** A turn through the installed shim, kept by the installed tracker, in a home of its own. */
async function tryOut(project, folder) {
  const bin = (name) => join(project, 'node_modules', '.bin', name);
  const home = join(folder, 'home');
  mkdirSync(home);
  const env = { PATH: process.env.PATH, HOME: home };
  const provider = await startServer(bin('shim'), ['simulate', '--port', '0', '--json'], {
    env,
    name: 'shim simulate',
  });
  const providers = join(folder, 'providers.json');
  const one = { base_url: provider.ready.url, pass_through: true };
  writeFileSync(providers, JSON.stringify({ providers: { one }, routes: [{ pattern: '*', provider: 'one' }] }));
  const shim = await startServer(bin('shim'), ['serve', '--port', '0', '--json', '--providers', providers], {
    env,
    name: 'shim',
  });
  const { url } = shim.ready;
  const answer = await fetch(`${url}/v1/messages`, { method: 'POST', body: '{"model":"m","max_tokens":9}' });
  if (answer.status !== 200) throw new Error(`the installed shim answers ${answer.status}`);
  const rows = run(bin('tracker'), ['poll', '--once', '--json', '--ccp-url', url], folder, env);
  if (JSON.parse(rows).usage.models.m?.reqs !== 1) throw new Error('the installed tracker does not see the turn');
  run(bin('contracts'), ['conformance', '--url', url, '--only', 'http'], folder, env);
  await shim.stop();
  await provider.stop();
}

/** Name, version, licence and its text of every package that is installed with ours. */
function notices(project) {
  const lock = JSON.parse(readFileSync(join(project, 'node_modules', '.package-lock.json'), 'utf8'));
  return Object.keys(lock.packages)
    .filter((path) => !/node_modules\/@ccp\//.test(path))
    .map((path) => {
      const at = join(project, path);
      if (!existsSync(at)) return null;
      const { name, version, license = 'not stated' } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
      const file = readdirSync(at).find((one) => /^(licen[cs]e|copying)/i.test(one));
      return { name, version, license, text: file === undefined ? '' : readFileSync(join(at, file), 'utf8').trim() };
    })
    .filter((one) => one !== null)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function write(bom, licences, tarballs) {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  // The bill is about what is in it, not about when and under which number it was written.
  delete bom.serialNumber;
  delete bom.metadata?.timestamp;
  writeFileSync(join(OUT, 'sbom.cdx.json'), `${JSON.stringify(bom, null, 2)}\n`);
  const texts = licences.map(
    ({ name, version, license, text }) =>
      `${name} ${version} (${license})\n\n${text || 'No text comes with the package.'}\n`,
  );
  writeFileSync(join(OUT, 'THIRD_PARTY_NOTICES'), texts.join(`\n${'-'.repeat(80)}\n\n`));
  const sums = tarballs.map((file) => `${hash(file)}  ${file.split(/[\\/]/).at(-1)}`);
  writeFileSync(join(OUT, 'SHA256SUMS'), `${sums.join('\n')}\n`);
  cpSync(join(ROOT, 'LICENSE'), join(OUT, 'LICENSE'));
}

function audit(project) {
  const { status, stdout } = spawnSync('npm', ['audit', '--json'], { cwd: project, encoding: 'utf8' });
  let report;
  try {
    report = JSON.parse(stdout);
  } catch {
    report = { message: 'no answer' };
  }
  if (report.metadata === undefined) {
    console.error(`release: the registry was not asked for vulnerabilities (${report.message ?? 'no answer'})`);
    return false;
  }
  if (status !== 0) console.error(`release: known vulnerabilities: ${JSON.stringify(report.metadata.vulnerabilities)}`);
  return status === 0;
}

function hash(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function run(command, args, cwd, env = process.env) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status === 0) return stdout;
  throw new Error(
    `${command} ${args[0]} failed: ${(error?.message ?? (stderr || stdout)).trim().split('\n').slice(-3).join(' ')}`,
  );
}
