#!/usr/bin/env node
// The same rules on the shim and on two published gateways: what each of them does with Claude Code's requests.
// `node bench/conformance.mjs [--out <folder>]`; prints a table and keeps every result.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort, killAll } from './processes.mjs';
import { claudeCodeRouter } from './variants/claude-code-router.mjs';
import { NotAvailable } from './variants/not-available.mjs';
import { portkey } from './variants/portkey.mjs';
import { shim } from './variants/shim.mjs';

const ROOT = resolve(import.meta.dirname, '..');
const CLI = join(ROOT, 'packages/contracts/dist/cli.js');
const { values } = parseArgs({ options: { out: { type: 'string' } } });
const out = resolve(values.out ?? join(ROOT, 'artifacts', 'conformance'));
const options = {
  shim: join(ROOT, 'packages/shim/dist/main.js'),
  cache: resolve(process.env.CCP_BENCH_CACHE ?? join(homedir(), '.cache', 'ccp-bench')),
};

const reports = [];
try {
  for (const variant of [shim('shim', 'shim', () => options.shim), portkey, claudeCodeRouter]) {
    const report = await conformanceOf(variant);
    if (report !== null) reports.push(report);
  }
} finally {
  killAll();
}
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'report.json'), `${JSON.stringify(reports, null, 2)}\n`);
const table = tableOf(reports);
writeFileSync(join(out, 'report.txt'), table);
process.stdout.write(table);
process.exitCode = reports[0]?.failed === 0 ? 0 : 1;

async function conformanceOf(variant) {
  const folder = mkdtempSync(join(tmpdir(), 'ccp-conformance-'));
  const upstreamPort = await freePort();
  let server;
  try {
    server = await variant.start({ upstreamPort, options, folder });
    const headers = Object.entries(server.headers ?? {}).flatMap(([name, value]) => ['--header', `${name}:${value}`]);
    // A router that picks by name knows only the names of its configuration.
    const model = server.modelPrefix === undefined ? [] : ['--model', `${server.modelPrefix}bench-json`];
    const args = [
      '--url',
      `http://127.0.0.1:${server.port}`,
      '--provider-port',
      String(upstreamPort),
      '--only',
      'gateway',
    ];
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [CLI, 'conformance', ...args, ...headers, ...model, '--json'],
      {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      },
    );
    if (stdout === '') throw new Error(stderr);
    return { gateway: variant.label, version: server.version, ...JSON.parse(stdout) };
  } catch (error) {
    if (!(error instanceof NotAvailable)) throw error;
    console.error(`${variant.label}: ${error.message}`);
    return null;
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function tableOf(all) {
  const names = all.map(({ gateway, version }) => `${gateway} ${version}`.trim());
  const ids = all[0].rules.map(({ id }) => id);
  const lines = ids.map((id) => {
    const cells = all.map(({ rules }, index) => {
      const { result } = rules.find((rule) => rule.id === id);
      return (result === 'pass' ? 'ok' : result === 'fail' ? 'FAILS' : '-').padEnd(names[index].length);
    });
    return `${id.padEnd(42)} ${cells.join('  ')}`.trimEnd();
  });
  const sums = all.map(({ passed, failed }, index) => `${passed}/${passed + failed}`.padEnd(names[index].length));
  const head = `${'rule'.padEnd(42)} ${names.join('  ')}`;
  return `${head}\n${lines.join('\n')}\n${'holds'.padEnd(42)} ${sums.join('  ')}\n`;
}
