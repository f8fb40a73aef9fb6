#!/usr/bin/env node
// Runs the tracker's tests where there is no network: in a namespace of their own with loopback only, with every socket of
// every process watched. At the tier local nothing may even try to leave, and no name may be looked up.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HELP = `Usage: node scripts/local-only.mjs [options] [test files]

Needs Linux with unshare and ip (util-linux, iproute2) and the right to make a network namespace.

  --evidence   write the figures to artifacts/test_runs/local-only/latest.json
  --help       print this

Without files: every test of the tracker.`;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** An address and a name that lead nowhere (RFC 5737, RFC 6761). */
const PROBE = `try { require('node:net').connect(9, '192.0.2.1'); } catch {} require('node:dns').lookup('probe.invalid', () => {});`;
/** As root, and as somebody who may be root in a namespace of users. */
const NAMESPACES = [['--net'], ['--user', '--map-root-user', '--net']];
const WATCH = new URL('local-only/watch-sockets.mjs', import.meta.url).href;

process.exitCode = main();

function main() {
  const { values: flags, positionals } = parseArgs({
    allowPositionals: true,
    options: { evidence: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (flags.help) {
    console.log(HELP);
    return 0;
  }
  const files = positionals.length > 0 ? positionals : ['packages/tracker'];
  const folder = mkdtempSync(join(tmpdir(), 'ccp-local-only-'));
  try {
    return run(files, folder, flags.evidence);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(files, folder, evidence) {
  const log = join(folder, 'sockets.jsonl');
  const report = join(folder, 'tests.json');
  const vitest = `"${process.execPath}" node_modules/vitest/vitest.mjs run --reporter=dot --reporter=json --outputFile.json="${report}" "$@"`;
  // Loopback is down in a new namespace. What is there besides is counted before anything runs.
  const script = `ip link set lo up && ip -o link show | grep -vc ': lo:' > "${folder}/links"; ${vitest}`;
  const { PRIVACY_TIER: _tier, ...inherited } = process.env;
  const env = {
    ...inherited,
    CCP_SOCKET_LOG: log,
    NODE_OPTIONS: `--import ${WATCH}`,
    DO_NOT_TRACK: '1',
    CCP_BUILT: '1',
  };
  // A watch that sees nothing would make everything look clean.
  writeFileSync(log, '');
  spawnSync(process.execPath, ['-e', PROBE], { env, stdio: 'ignore' });
  const seen = readFileSync(log, 'utf8');
  if (!seen.includes('"connect","where":"192.0.2.1"') || !seen.includes('"dns","where":"probe.invalid"')) {
    console.error('local-only: the watch does not see a connection and a look-up that were made to be seen');
    return 1;
  }
  writeFileSync(log, '');
  const namespace = NAMESPACES.find((args) => spawnSync('unshare', [...args, 'true']).status === 0) ?? null;
  if (namespace === null) {
    console.error('local-only: no network namespace can be made here (unshare --net)');
    return 2;
  }
  const { status, error } = spawnSync('unshare', [...namespace, 'sh', '-c', script, 'sh', ...files], {
    cwd: ROOT,
    env,
    stdio: 'inherit',
  });
  if (error !== undefined || !existsSync(report)) {
    console.error(
      `local-only: the tests could not be run in a network namespace (${error?.message ?? `status ${status}`})`,
    );
    return 1;
  }
  const rows = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  const count = (what) => rows.filter((row) => row.what === what);
  const away = [...count('connect'), ...count('dns'), ...count('datagram')];
  const {
    numPassedTests: passed,
    numFailedTests: failed,
    numTotalTestSuites: suites,
  } = JSON.parse(readFileSync(report, 'utf8'));
  const figures = {
    node: process.version,
    files,
    suites,
    passed,
    failed,
    interfaces_besides_loopback: Number(readFileSync(join(folder, 'links'), 'utf8')),
    processes_watched: new Set(count('watched').map(({ pid }) => pid)).size,
    loopback_connections: count('loopback').length,
    connections_elsewhere: count('connect').length,
    names_looked_up: count('dns').length,
    datagrams: count('datagram').length,
  };
  console.log(JSON.stringify(figures));
  for (const row of away.slice(0, 20)) console.error(`local-only: ${row.what} ${row.where} by ${row.argv.join(' ')}`);
  if (evidence) {
    const target = join(ROOT, 'artifacts/test_runs/local-only');
    mkdirSync(target, { recursive: true });
    writeFileSync(join(target, 'latest.json'), `${JSON.stringify(figures, null, 1)}\n`);
  }
  return failed === 0 && status === 0 && away.length === 0 && figures.interfaces_besides_loopback === 0 ? 0 : 1;
}
