#!/usr/bin/env node
// The dashboard's page in a real browser: first paint with a week of turns, how soon a turn is seen, and memory over the
// turns of eight hours. Writes what it measured, and how busy the machine was, to artifacts/dashboard/.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { killAll, startServer } from '../scripts/e2e/children.mjs';
import { plainEnv, shimMain } from '../scripts/e2e/world.mjs';
import { memoryOf } from './dashboard/memory.mjs';
import { turnLine } from './dashboard/turn-line.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const { chromium } = createRequire(at('../packages/tracker/package.json'))('playwright-core');
const trackerMain = at('../packages/tracker/dist/main.js');

const HELP = `Usage: node bench/dashboard.mjs [options]      (build first; needs Chromium and /proc)

Opens the dashboard's page in a real browser: first paint with a week of turns in the journals, how soon a turn that ends is
seen, and memory of page and server over the turns of eight hours of work, as fast as they go through: also what is left once
all garbage is collected, and by how much that grew per 1,000 turns over the last half.

  --turns <n>     in the journals for the first paint (default 50000)
  --rounds <n>    of the first paint (default 5)
  --live <n>      turns whose way to the page is timed (default 40)
  --hours <n>     of work, 900 turns each (default 8; 0 leaves memory out)
  --out <folder>  where measured.json goes (default artifacts/dashboard)
  --json          print the result as one JSON object instead of a line per part
  --help          this text

Environment: CHROMIUM  the browser (default /usr/bin/chromium)`;

const flags = readFlags();
const folder = mkdtempSync(join(tmpdir(), 'ccp-dashboard-'));
process.on('exit', () => {
  killAll();
  rmSync(folder, { recursive: true, force: true });
});
const env = { ...plainEnv(folder), DASHBOARD_KEY: 'opens-nothing' };
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
const load = () => loadavg().map((one) => Math.round(one * 10) / 10);
const result = { node: process.version, chromium: browser.version(), load_before: load() };
result.first_paint = await firstPaint();
report('first paint', result.first_paint);
const world = await openWorld();
result.live = await liveUpdates();
report('live', result.live);
if (flags.hours > 0) {
  result.hours = await memoryOf(world, { turns: flags.hours * 900, ask });
  report('memory', result.hours);
}
result.load_after = load();
mkdirSync(flags.out, { recursive: true });
writeFileSync(join(flags.out, 'measured.json'), `${JSON.stringify(result, null, 2)}\n`);
if (flags.json) console.log(JSON.stringify(result, null, 2));
await browser.close();
killAll();
process.exit(0);

/** A week of turns in a journal, no shim; `cold_ms` is from start to listening, all rows read by the first question. */
async function firstPaint() {
  const data = join(folder, 'week');
  mkdirSync(data);
  const count = flags.turns;
  const now = Date.now() / 1000;
  const lines = Array.from({ length: count }, (_, nth) => turnLine(nth, now - ((count - nth) * 604_800) / count));
  writeFileSync(join(data, 'windows.jsonl'), lines.join(''));
  const started = performance.now();
  const page = await startServer(
    process.execPath,
    [trackerMain, 'dashboard', '--json', '--port', '0', '--ccp-url', 'http://127.0.0.1:9', '--data-dir', data],
    { env, name: 'dashboard', timeoutMs: 120_000 },
  );
  const listeningMs = performance.now() - started;
  const first = await (await fetch(`${page.ready.url}/api/history?range=7d`)).json();
  const coldMs = performance.now() - started;
  const rounds = [];
  for (let round = 0; round < flags.rounds; round += 1) {
    const tab = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await tab.goto(`${page.ready.url}/?range=7d`);
    await tab.waitForSelector('html[data-ready]', { timeout: 60_000 });
    const [contentful, drawn] = await tab.evaluate(() => [
      performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null,
      performance.getEntriesByName('ready')[0]?.startTime ?? null,
    ]);
    rounds.push({ first_contentful_paint_ms: Math.round(contentful), all_drawn_ms: Math.round(drawn) });
    await tab.close();
  }
  await page.stop();
  return { turns: first.rows.turns, listening_ms: Math.round(listeningMs), cold_ms: Math.round(coldMs), rounds };
}

async function openWorld() {
  const simulate = (preset) =>
    startServer(
      process.execPath,
      [shimMain, 'simulate', '--json', '--port', '0', '--preset', preset, '--name', preset],
      {
        env,
        name: 'simulator',
        timeoutMs: 60_000,
      },
    );
  const provider = await simulate('bench-json');
  const providers = join(folder, 'providers.yaml');
  writeFileSync(
    providers,
    `providers:\n  anthropic: { base_url: "${provider.ready.url}", pass_through: true }\nroutes:\n  - { pattern: "*", provider: anthropic }\n`,
  );
  const serve = ['serve', '--json', '--port', '0', '--providers', providers, '--state-dir', join(folder, 'state')];
  const shim = await startServer(process.execPath, [shimMain, ...serve], { env, name: 'shim', timeoutMs: 60_000 });
  const args = [
    'dashboard',
    '--json',
    '--record',
    '--port',
    '0',
    '--ccp-url',
    shim.ready.url,
    '--data-dir',
    join(folder, 'data'),
  ];
  const heapFile = join(folder, 'live-heap.json');
  const page = await startServer(process.execPath, ['--import', at('./hooks/live-heap.mjs'), trackerMain, ...args], {
    env: { ...env, CCP_BENCH_LIVE_HEAP: heapFile },
    name: 'dashboard',
    timeoutMs: 60_000,
  });
  const tab = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await tab.goto(`${page.ready.url}/?range=1h`);
  await tab.waitForSelector('html[data-ready]', { timeout: 60_000 });
  return { shim: shim.ready.url, pid: page.ready.pid, heapFile, tab };
}

/** From the arrival of a turn's event, at a reader of the shim beside the dashboard, to its row in the document. */
async function liveUpdates() {
  const { shim, tab } = world;
  const arrived = new Map();
  const stop = new AbortController();
  const stream = await fetch(`${shim}/v1/events`, { signal: stop.signal });
  const reading = (async () => {
    let text = '';
    for await (const chunk of stream.body) {
      const now = Date.now();
      text += Buffer.from(chunk).toString();
      for (const [, rid] of text.matchAll(/^data: .*"rid":"([0-9a-f]{8})".*"event":"completion".*$/gm))
        if (!arrived.has(rid)) arrived.set(rid, now);
      for (const line of text.split('\n')) {
        if (!line.startsWith('data: {')) continue;
        try {
          const { rid, event } = JSON.parse(line.slice(6));
          if (event === 'completion' && !arrived.has(rid)) arrived.set(rid, now);
        } catch {
          // The rest of the line is still to come.
        }
      }
      text = text.slice(text.lastIndexOf('\n\n') + 2);
    }
  })().catch(() => undefined);
  await tab.evaluate(() => {
    globalThis.seen = {};
    new MutationObserver(() => {
      for (const row of document.querySelectorAll('#decisions tr[data-key]')) {
        const done = row.querySelector('[data-path$=".status"]') !== null;
        if (done) globalThis.seen[row.dataset.key] ??= Date.now();
      }
    }).observe(document.querySelector('#decisions'), { childList: true, subtree: true, characterData: true });
  });
  for (let nth = 0; nth < flags.live; nth += 1) {
    await ask(shim);
    await sleep(300 + (nth % 7) * 60);
  }
  await sleep(1500);
  const seen = await tab.evaluate(() => globalThis.seen);
  stop.abort();
  await reading;
  const all = [...arrived]
    .flatMap(([rid, ms]) => (seen[rid] === undefined ? [] : [seen[rid] - ms]))
    .toSorted((a, b) => a - b);
  return {
    turns: arrived.size,
    seen: all.length,
    p50_ms: all[Math.floor(all.length / 2)],
    p90_ms: all[Math.floor(all.length * 0.9)],
    max_ms: all.at(-1),
    all_ms: all,
  };
}

async function ask(url) {
  const reply = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { authorization: 'Bearer bench', 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({
      model: 'claude-sonnet-4-5',
      max_tokens: 64,
      messages: [{ role: 'user', content: 'go on' }],
    }),
  });
  await reply.text();
}

function report(name, value) {
  if (!flags.json) console.log(`${name} (load ${load().join(' ')})`, JSON.stringify(value));
}

function readFlags() {
  const text = (value) => ({ type: 'string', default: value });
  const number = (name, given) => {
    if (!/^\d+$/u.test(given)) throw new Error(`--${name} must be a whole number, not "${given}"`);
    return Number(given);
  };
  try {
    const { values } = parseArgs({
      options: {
        turns: text('50000'),
        rounds: text('5'),
        live: text('40'),
        hours: text('8'),
        out: text(at('../artifacts/dashboard/')),
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    const [turns, rounds, live, hours] = ['turns', 'rounds', 'live', 'hours'].map((name) => number(name, values[name]));
    return { turns, rounds, live, hours, out: values.out, json: values.json };
  } catch (error) {
    console.error(`dashboard: ${error.message.split('\n')[0]}. See --help.`);
    process.exit(2);
  }
}
