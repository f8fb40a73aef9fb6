#!/usr/bin/env node
// The command line of the shim's own unit under a real supervisor (runit): killed again and again, it has to come back
// within two seconds and know every turn it had written.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killAll, startServer, until } from './e2e/children.mjs';
import { plainEnv, shimMain } from './e2e/world.mjs';

const HELP = `Usage: pnpm supervise [options]

  --kills <n>    how often (default 5)
  --within <ms>  from the kill until it listens again (default 2000)
  --turns <n>    before each kill (default 20)
  --evidence     write the figures to artifacts/test_runs/supervise/latest.json
  --help         print this`;

const OPTIONS = {
  kills: { type: 'string', default: '5' },
  within: { type: 'string', default: '2000' },
  turns: { type: 'string', default: '20' },
  evidence: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const flags = parseArgs({ options: OPTIONS }).values;
if (flags.help) console.log(HELP);
else if (spawnSync('sh', ['-c', 'command -v runsv']).status !== 0) {
  console.error('supervise: needs runsv (Debian: apt-get install runit)');
  process.exitCode = 2;
} else process.exitCode = await main();

async function main() {
  const home = mkdtempSync(join(tmpdir(), 'ccp-supervise-'));
  let runsv;
  let provider;
  try {
    const env = plainEnv(home);
    // What is tried is the shim; waiting for a provider that writes at a person's pace would be most of the time.
    const quick = ['--ttft-ms', '1', '--pace-ms', '1'];
    provider = await startServer(process.execPath, [shimMain, 'simulate', '--port', '0', '--json', ...quick], {
      env,
      name: 'shim simulate',
    });
    const providers = join(home, 'providers.json');
    writeFileSync(
      providers,
      JSON.stringify({
        providers: { one: { base_url: provider.ready.url, pass_through: true } },
        routes: [{ pattern: '*', provider: 'one' }],
      }),
    );
    const log = join(home, 'out.log');
    const service = join(home, 'shim');
    mkdirSync(service);
    const args = ['service', 'print', '--for', 'systemd', '--port', '0', '--providers', providers];
    const unit = spawnSync(process.execPath, [shimMain, ...args], { env, encoding: 'utf8' }).stdout;
    const command = /^ExecStart=(.*)$/m.exec(unit)[1];
    writeFileSync(join(service, 'run'), `#!/bin/sh\nexec ${command} >> '${log}' 2>&1\n`, { mode: 0o755 });
    runsv = spawn('runsv', [service], { env, stdio: 'ignore' });
    return await killing({ log, service });
  } finally {
    if (runsv !== undefined) {
      // TERM is what runsv itself waits for, and it takes the shim with it.
      runsv.kill('SIGTERM');
      await new Promise((resolve) => runsv.once('exit', resolve));
    }
    await provider?.stop();
    killAll();
    rmSync(home, { recursive: true, force: true });
  }
}

async function killing({ log, service }) {
  const kills = Number(flags.kills);
  const turns = Number(flags.turns);
  const backAfterMs = [];
  let known = 0;
  await until('the first start', () => starts(log)[0], 10_000);
  for (let kill = 1; kill <= kills; kill++) {
    const url = starts(log).at(-1);
    for (let turn = 0; turn < turns; turn++) {
      const answer = await fetch(`${url}/v1/messages`, { method: 'POST', body: '{"model":"m","max_tokens":9}' });
      await answer.text();
    }
    known += turns;
    // What is in the database is what a start knows again.
    await until(`${known} rows`, async () => ((await rows(url)) === known ? true : undefined));
    const pid = Number(readFileSync(join(service, 'supervise', 'pid'), 'utf8'));
    const killedAt = performance.now();
    process.kill(pid, 'SIGKILL');
    await until('the next start', () => starts(log)[kill], 30_000);
    backAfterMs.push(Math.round(performance.now() - killedAt));
    const usage = await (await fetch(`${starts(log).at(-1)}/v1/usage`)).json();
    if (usage.models.m?.reqs !== known) {
      console.error(`supervise: ${usage.models.m?.reqs} turns are known after kill ${kill}, ${known} were written`);
      return 1;
    }
  }
  const worst = Math.max(...backAfterMs);
  console.log(`supervise: ${kills} kills, back after ${backAfterMs.join(', ')} ms, ${known} turns known, none lost`);
  if (flags.evidence) {
    const folder = 'artifacts/test_runs/supervise';
    mkdirSync(folder, { recursive: true });
    const figures = {
      at: new Date().toISOString(),
      node: process.version,
      kills,
      turns: known,
      back_after_ms: backAfterMs,
    };
    writeFileSync(join(folder, 'latest.json'), `${JSON.stringify(figures, null, 2)}\n`);
  }
  if (worst <= Number(flags.within)) return 0;
  console.error(`supervise: ${worst} ms is longer than ${Number(flags.within)} ms`);
  return 1;
}

/** Where each start listened. */
function starts(log) {
  let text = '';
  try {
    text = readFileSync(log, 'utf8');
  } catch {
    // Not started yet.
  }
  return text
    .split('\n')
    .filter((line) => line.includes('"event":"listening"'))
    .map((line) => JSON.parse(line).url);
}

async function rows(url) {
  const answer = await (await fetch(`${url}/v1/usage/samples?since=0&limit=1000`)).json();
  return Object.values(answer.models).flat().length;
}
