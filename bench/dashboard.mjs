#!/usr/bin/env node
// The dashboard's page in a real browser: first paint with a week of turns, how soon a turn is seen, and memory over the
// turns of eight hours. Writes what it measured, and how busy the machine was, to artifacts/dashboard/.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { killAll, startServer } from '../scripts/e2e/children.mjs';
import { plainEnv, shimMain } from '../scripts/e2e/world.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const { chromium } = createRequire(at('../packages/tracker/package.json'))('playwright-core');
const trackerMain = at('../packages/tracker/dist/main.js');

const { values: flags } = parseArgs({
  options: {
    turns: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '5' },
    live: { type: 'string', default: '40' },
    hours: { type: 'string', default: '8' },
    out: { type: 'string', default: at('../artifacts/dashboard/') },
  },
});

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
result.hours = await hours();
report('memory', result.hours);
result.load_after = load();
mkdirSync(flags.out, { recursive: true });
writeFileSync(join(flags.out, 'measured.json'), `${JSON.stringify(result, null, 2)}\n`);
await browser.close();
killAll();
process.exit(0);

/** A week of turns in a journal, no shim; `cold_ms` is from start to listening, all rows read by the first question. */
async function firstPaint() {
  const data = join(folder, 'week');
  mkdirSync(data);
  const count = Number(flags.turns);
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
  for (let round = 0; round < Number(flags.rounds); round += 1) {
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
  const page = await startServer(process.execPath, [trackerMain, ...args], {
    env,
    name: 'dashboard',
    timeoutMs: 60_000,
  });
  const tab = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await tab.goto(`${page.ready.url}/?range=1h`);
  await tab.waitForSelector('html[data-ready]', { timeout: 60_000 });
  return { shim: shim.ready.url, page: page.ready, tab };
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
  for (let nth = 0; nth < Number(flags.live); nth += 1) {
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

/** The turns of eight hours of steady work (one every four seconds) as fast as they go through. */
async function hours() {
  const { shim, page, tab } = world;
  const turns = Number(flags.hours) * 900;
  const client = await tab.context().newCDPSession(tab);
  await client.send('Performance.enable');
  const look = async (done) => {
    await client.send('HeapProfiler.collectGarbage');
    const { metrics } = await client.send('Performance.getMetrics');
    const of = (name) => metrics.find((one) => one.name === name)?.value ?? null;
    const rssKib = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${page.pid}/status`, 'utf8'))?.[1]);
    return {
      turns: done,
      page_heap_mb: mb(of('JSHeapUsedSize')),
      nodes: of('Nodes'),
      listeners: of('JSEventListeners'),
      server_rss_mb: mb(rssKib * 1024),
    };
  };
  const looks = [await look(0)];
  const block = Math.ceil(turns / 8);
  for (let done = 0; done < turns && block > 0; done += block) {
    for (let left = block; left > 0; left -= 8)
      await Promise.all(Array.from({ length: Math.min(8, left) }, () => ask(shim)));
    await sleep(2500);
    looks.push(await look(done + block));
  }
  return looks;
}

function mb(bytes) {
  return Math.round((bytes / 2 ** 20) * 10) / 10;
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

function turnLine(nth, ts) {
  const id = nth.toString(16).padStart(8, '0');
  const model = ['claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-opus-4-5'][nth % 3];
  const away = nth % 97 === 0;
  const row = {
    kind: 'turn',
    type: 'turn',
    event_id: id,
    dedupe_key: id,
    captured_at: new Date(ts * 1000).toISOString(),
    source: 'shim',
    turn: {
      turn_id: id,
      session_id: `s-${nth % 40}`,
      model,
      subagent: '',
      tokens_in: 900 + (nth % 700),
      tokens_out: 200 + (nth % 500),
      cache_write_tokens: 300,
      cache_read_tokens: 12_000 + (nth % 9000),
      input_kind: 'other',
      latency_ms: 5000 + (nth % 4000),
      attribution: { [model]: 1 },
      capacity_used: null,
      ts,
      lane: away ? 'zai' : 'anthropic',
      rid: id,
      request_id: null,
      status: 200,
      ended: 'complete',
      usage_known: true,
      stream_s: 3 + (nth % 5),
      ttft_ms: 300 + (nth % 800),
    },
    decision: { reroute_mode: 'hybrid', reroute_decision: away ? 'quota_block' : 'pass_through' },
  };
  return `${JSON.stringify(row)}\n`;
}

function report(name, value) {
  console.log(`${name} (load ${load().join(' ')})`, JSON.stringify(value));
}
