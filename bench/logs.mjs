#!/usr/bin/env node
// Measures the tracker's log readers beside other programs that read the same files: see README.md.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { reportLogs } from './logs/report-logs.mjs';
import { runReader, stopReaders } from './logs/run-reader.mjs';
import { TRANSCRIPT_READERS, USAGE_READERS, warmCommand } from './logs/readers.mjs';
import { writeTranscripts } from './logs/transcripts.mjs';
import { writeUsageLogs } from './logs/usage-logs.mjs';
import { describeMachine } from './machine.mjs';

const HELP = `Usage: node bench/logs.mjs [options]      (build first)

Writes transcripts and usage logs below a temporary folder and reads them with the tracker, ccusage (native and JavaScript),
jq and wc -l, all in one interleaved run; prints times, memory, whether token sums are equal, and the targets.

  --mib <n>          of each kind of logs (default 1024)
  --rounds <n>       every reader runs once in each (default 3); one that takes over 90 s runs in the first only
  --readers <list>   comma-separated: ${TRANSCRIPT_READERS.map(({ name }) => name).join(', ')}
  --out <folder>     where raw output goes (default artifacts/bench)
  --json             print the raw result as JSON instead of tables
  --help             this text

Environment: CCP_BENCH_CACHE  folder where peers are installed by npm (default ~/.cache/ccp-bench)`;

const SLOW_MS = 90_000;

process.exitCode = await main();

async function main() {
  const options = readOptions();
  if (options === null) return 0;
  const scratch = mkdtempSync(join(tmpdir(), 'ccp-bench-logs-'));
  const leave = () => {
    stopReaders();
    rmSync(scratch, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => (leave(), process.exit(130)));
  try {
    const raw = await measure(options, scratch);
    const text = reportLogs(raw);
    process.stdout.write(options.json ? `${JSON.stringify(raw)}\n` : text);
    mkdirSync(options.out, { recursive: true });
    const file = join(options.out, `${raw.machine.at.replace(/[-:]/g, '').slice(0, 15)}Z-logs`);
    writeFileSync(`${file}.json`, `${JSON.stringify(raw)}\n`);
    writeFileSync(`${file}.txt`, text);
    process.stderr.write(`Raw output: ${file}.json, the tables: ${file}.txt\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`bench: ${/** @type {Error} */ (error).message}\n`);
    return 1;
  } finally {
    leave();
  }
}

function readOptions() {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean', default: false });
  const { values } = parseArgs({
    options: { mib: text, rounds: text, readers: text, out: text, json: flag, help: flag },
  });
  if (values.help) {
    process.stdout.write(`${HELP}\n`);
    return null;
  }
  return {
    bytes: Number(values.mib ?? 1024) * 2 ** 20,
    rounds: Number(values.rounds ?? 3),
    readers: values.readers?.split(',') ?? null,
    out: resolve(values.out ?? join(import.meta.dirname, '..', 'artifacts', 'bench')),
    json: values.json,
    cache: resolve(process.env.CCP_BENCH_CACHE ?? join(homedir(), '.cache', 'ccp-bench')),
  };
}

async function measure({ bytes, rounds, readers, cache }, scratch) {
  const machine = describeMachine();
  const lab = { home: join(scratch, 'claude'), usage: join(scratch, 'usage'), scratch, cache };
  say(`writing ${bytes / 2 ** 20} MiB of transcripts and of usage logs`);
  const made = { transcripts: writeTranscripts(lab.home, bytes), usage: writeUsageLogs(lab.usage, bytes) };
  const wanted = (list) => list.filter(({ name }) => readers === null || readers.includes(name));
  const sets = [
    await play('transcripts', { list: wanted(TRANSCRIPT_READERS), made: made.transcripts, lab, rounds }),
    await play('usage logs', { list: wanted(USAGE_READERS), made: made.usage, lab, rounds }),
  ];
  const warm = readers === null || readers.includes('tracker') ? await warmTicks(lab) : null;
  return { machine, rounds, sets, warm, load_after: loadavg()[0] };
}

async function warmTicks(lab) {
  const { stdout, rss_mb: rssMb } = await runReader(warmCommand(lab));
  const { idle_ms: idleMs, grown_ms: grownMs } = JSON.parse(stdout);
  return { idle_ms: idleMs, grown_ms: grownMs, rss_mb: rssMb };
}

async function play(name, { list, made, lab, rounds }) {
  const cells = [];
  const unavailable = {};
  const sums = {};
  for (let round = 0; round < rounds; round += 1) {
    const order = [...list.slice(round % list.length), ...list.slice(0, round % list.length)];
    for (const reader of order) {
      const isSlow = cells.some((cell) => cell.reader === reader.name && cell.wall_ms > SLOW_MS);
      if (isSlow || unavailable[reader.name] !== undefined) continue;
      try {
        const { stdout, ...cell } = await runReader(await reader.command(lab));
        cells.push({ reader: reader.name, round, load: loadavg()[0], ...cell });
        sums[reader.name] = reader.sums === null ? undefined : difference(reader.sums(stdout), made.sums);
        say(`${name}, round ${round + 1}: ${reader.name} ${(cell.wall_ms / 1000).toFixed(2)} s`);
      } catch (error) {
        unavailable[reader.name] = /** @type {Error} */ (error).message.split('\n')[0];
        say(`${name}: ${reader.name}: ${unavailable[reader.name]}`);
      }
    }
  }
  const labels = Object.fromEntries(list.map((reader) => [reader.name, reader.label]));
  return { name, made, cells, unavailable, labels, sums };
}

/** Beside what was written. */
function difference(got, truth) {
  // Of logs the tracker's reader gives input and output; what is cached it keeps in the details of a turn.
  const other = Object.keys(truth).filter((kind) => kind in got && got[kind] !== truth[kind]);
  const share = (kind) => `${kind} ${(((got[kind] - truth[kind]) / truth[kind]) * 100).toFixed(1)} %`;
  return other.length === 0 ? 'equal' : other.map(share).join(', ');
}

function say(line) {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}
