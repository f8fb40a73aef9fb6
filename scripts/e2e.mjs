#!/usr/bin/env node
// Real clients, through the shim, to simulated providers: every token must be in all four records. See --help.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { claudeCodeCases } from './e2e/cases-claude-code.mjs';
import { sdkCases } from './e2e/cases-sdk.mjs';
import { trackerCases } from './e2e/cases-tracker.mjs';
import { killAll, StartError } from './e2e/children.mjs';
import { cacheFolder, CLIENTS, fetchClient, findClient } from './e2e/clients.mjs';
import { equal, Mismatch } from './e2e/expect.mjs';
import { namespaceArguments, onlyLoopback, rerunInside } from './e2e/isolation.mjs';
import { lastLine, lineOf, totalsOf, writeEvidence } from './e2e/report.mjs';
import { openWorld, removeFolders, shimMain } from './e2e/world.mjs';
import { readFlags } from './read-flags.mjs';

const HELP = `Usage: pnpm e2e [options]

Runs Claude Code and two generations of the Anthropic SDK through the shim to simulated providers and compares, per
case, the tokens in the provider's books, in /v1/usage, in /metrics, in usage.jsonl and in the client's own record.

  --only <text,…>  only cases whose name contains one of these, e.g. --only sdk-1,"tool turn"
  --no-fetch       use the clients in the cache only; skip the cases of those that are missing
  --evidence       write the raw figures to artifacts/test_runs/e2e/latest.json
  --keep           keep the temporary folders and print where they are
  --json           print one JSON document instead of the table
  --help           print this

Clients are fetched from the npm registry (Claude Code is about 380 MB) into $CCP_E2E_CACHE, else
$XDG_CACHE_HOME/ccp-e2e, else ~/.cache/ccp-e2e. On Linux the run itself happens in a network namespace with nothing but
loopback, where the system allows one. No account and no key is needed.`;

const OPTIONS = {
  only: { type: 'string' },
  'no-fetch': { type: 'boolean', default: false },
  evidence: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  // Set by the script itself when it runs inside its own network namespace.
  inside: { type: 'boolean', default: false },
};

const CASES = { 'claude-code': claudeCodeCases, ccusage: trackerCases };

process.exitCode = await main();

async function main() {
  const { flags, code } = readFlags({ name: 'e2e', help: HELP, options: OPTIONS });
  if (flags === null) return code;
  if (!existsSync(shimMain)) {
    console.error('e2e: the shim is not built. Run pnpm build first, or pnpm e2e, which does.');
    return 2;
  }
  const say = flags.json ? () => undefined : console.log;
  if (flags.inside) return run(flags, say);
  if (!flags['no-fetch']) await fetchMissing(flags, say);
  const flagsOfNamespace = namespaceArguments();
  if (flagsOfNamespace === null) {
    say('network    not isolated: no network namespace can be made here; the base URL alone keeps the clients local');
    return run(flags, say);
  }
  return rerunInside(flagsOfNamespace, fileURLToPath(import.meta.url), [...process.argv.slice(2), '--inside']);
}

async function fetchMissing(flags, say) {
  for (const client of CLIENTS) {
    if (casesOf(client, flags).length === 0 || findClient(client) !== null) continue;
    say(`fetching   ${client.package}@${client.version} (${client.note}) into the cache`);
    const problem = await fetchClient(client);
    if (problem !== null) console.error(`e2e: ${problem}`);
  }
}

async function run(flags, say) {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      killAll();
      removeFolders();
      process.exit(1);
    });
  }
  const startedMs = Date.now();
  const isolated = onlyLoopback();
  if (flags.inside) say(isolated ? 'network    loopback only' : 'network    NOT isolated although asked');
  const results = [];
  for (const one of plan(flags)) {
    const result = one.reason === undefined ? await runCase(one, flags, say) : { ...one, outcome: 'skipped', ms: 0 };
    results.push(result);
    say(lineOf(result));
  }
  const totals = totalsOf(results);
  const facts = {
    generated_at: new Date().toISOString(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    isolated,
    duration_ms: Date.now() - startedMs,
    clients: Object.fromEntries(CLIENTS.map((client) => [client.id, `${client.package}@${client.version}`])),
  };
  if (flags.evidence) say(`evidence   ${writeEvidence(results, facts)}`);
  if (flags.json) {
    const cases = results.map(({ name, outcome, ms, reason }) => ({ name, outcome, ms, reason: reason ?? null }));
    console.log(JSON.stringify({ ...facts, ...totals, cases }));
  }
  if (results.length === 0) console.error(`e2e: no case has a name that contains "${flags.only}"`);
  say(lastLine(totals));
  return totals.failed > 0 || results.length === 0 ? 1 : 0;
}

/** Every case asked for; those of a missing client carry the reason why they can't run. */
function plan(flags) {
  return CLIENTS.flatMap((client) => {
    const reason = `${client.package}@${client.version} is not in ${shortened(cacheFolder())}`;
    const isMissing = findClient(client) === null;
    return casesOf(client, flags).map((one) => (isMissing ? { ...one, reason } : one));
  });
}

function casesOf(client, { only }) {
  const home = findClient(client);
  const cases = CASES[client.id]?.(home, client.id) ?? sdkCases(home, client.id);
  const wanted = only?.split(',').filter((text) => text !== '');
  return cases.filter(({ name }) => wanted?.some((text) => name.includes(text)) ?? true);
}

async function runCase(one, flags, say) {
  const startedMs = performance.now();
  const ms = () => Math.round(performance.now() - startedMs);
  let world;
  try {
    world = await openWorld(one.world);
    const seen = await one.run(world);
    await world.stop();
    equal(world.completions().length, seen.completions.length, 'completion lines once the shim had stopped');
    equal(world.leaks().join(', '), '', 'files with a credential');
    return { name: one.name, outcome: 'ok', ms: ms(), seen };
  } catch (error) {
    // Something other than a mismatch is a defect of this script or of the machine: the stack says where.
    const isPlain = error instanceof Mismatch || error instanceof StartError;
    const reason = isPlain ? error.message : (error.stack ?? String(error));
    return { name: one.name, outcome: 'FAILED', ms: ms(), reason, seen: world?.seen };
  } finally {
    await world?.close({ keep: flags.keep });
    if (flags.keep && world !== undefined) say(`kept       ${world.folder}`);
  }
}

function shortened(folder) {
  return folder.replace(process.env.HOME ?? '\0', '~');
}
