import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linesOf as linesIn } from './line-block.ts';
import { UsageLog, type LogOptions } from './usage-log.ts';

let folder: string;
let clockMs: number;
let durable: string[];
const opened: UsageLog[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shim-log-'));
  clockMs = Date.UTC(2026, 0, 14, 12);
  durable = [];
});
afterEach(async () => {
  for (const log of [...opened]) await closed(log);
  rmSync(folder, { recursive: true, force: true });
});

async function closed(log: UsageLog): Promise<void> {
  opened.splice(opened.indexOf(log), 1);
  await Promise.resolve(log.close());
}

function openLog(part: Partial<LogOptions> = {}): UsageLog {
  const told = durable;
  const log = new UsageLog(
    { folder, maxBytes: 1e9, maxFiles: 5, maxAgeMs: 1e12, now: () => clockMs, ...part },
    (block) => told.push(...linesIn(block)),
  );
  opened.push(log);
  return log;
}

/** A line as the recorder writes it, of about `bytes` bytes. */
function line(seq: number, bytes = 0): string {
  return JSON.stringify({ seq, ts: clockMs / 1000, pad: 'x'.repeat(bytes) });
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((text) => text !== '');
}

function archived(): string[] {
  const archive = join(folder, 'archive');
  return existsSync(archive) ? readdirSync(archive).toSorted() : [];
}

/** All lines on disk, oldest file first. */
function everything(): string[] {
  return [...archived().map((name) => join(folder, 'archive', name)), join(folder, 'usage.jsonl')].flatMap((file) =>
    existsSync(file) ? linesOf(file) : [],
  );
}

function append(log: UsageLog, text: string): void {
  log.begin().text(text);
  log.end();
}

async function untilDurable(count: number): Promise<void> {
  await expect.poll(() => durable.length, { timeout: 8_000, interval: 10 }).toBe(count);
}

async function write(log: UsageLog, ...lines: readonly string[]): Promise<void> {
  const before = durable.length;
  for (const text of lines) append(log, text);
  await untilDurable(before + lines.length);
}

describe('UsageLog', () => {
  it('writes lines in order and tells of them only when they are on disk', async () => {
    let toldTooEarly = 0;
    const told: string[] = [];
    const log = new UsageLog({ folder, maxBytes: 1e9, maxFiles: 5, maxAgeMs: 1e12, now: () => clockMs }, (block) => {
      const onDisk = new Set(linesOf(log.path));
      toldTooEarly += linesIn(block).filter((one) => !onDisk.has(one)).length;
      told.push(...linesIn(block));
    });
    opened.push(log);
    const wanted = Array.from({ length: 3000 }, (_, index) => line(index, index % 400));
    for (const one of wanted) append(log, one);
    await expect.poll(() => told.length, { timeout: 8_000 }).toBe(3000);
    expect(told).toEqual(wanted);
    expect(linesOf(log.path)).toEqual(wanted);
    expect(toldTooEarly).toBe(0);
    expect(log.status()).toEqual({
      path: join(folder, 'usage.jsonl'),
      ok: true,
      error: null,
      writes: 3000,
      writeErrors: 0,
      pendingLines: 0,
    });
  });

  it('waits a moment to write several lines at once', () => {
    const log = openLog();
    append(log, line(1));
    expect(linesOf(log.path)).toEqual([]);
    expect(log.status().pendingLines).toBe(1);
  });

  it('writes what is left when it is closed', async () => {
    const log = openLog();
    append(log, line(1));
    append(log, line(2));
    await closed(log);
    expect(linesOf(log.path)).toEqual([line(1), line(2)]);
    expect(durable).toEqual([line(1), line(2)]);
  });

  it('loses and reorders nothing when it is closed in the middle of a write', async () => {
    for (let round = 0; round < 5; round += 1) {
      durable = [];
      const log = openLog({ folder: join(folder, String(round)) });
      const wanted = Array.from({ length: 600 }, (_, index) => line(index, 1000));
      for (const one of wanted) append(log, one);
      await closed(log);
      expect(linesOf(log.path).length).toBe(600);
      expect(linesOf(log.path)).toEqual(wanted);
      await untilDurable(600);
      expect(durable).toEqual(wanted);
      expect(log.status().ok).toBe(true);
    }
  });

  it('goes on behind what a former run wrote', async () => {
    await write(openLog(), line(1));
    const second = openLog();
    await write(second, line(2));
    expect(linesOf(second.path)).toEqual([line(1), line(2)]);
  });

  it('ends the half line a crash left, wherever it broke off', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(200), fc.boolean(), async (place, another) => {
        const own = mkdtempSync(join(folder, 'torn-'));
        const before = `${line(1)}\n${another ? `${line(2)}\n` : ''}`;
        const bytes = Buffer.from(before).subarray(0, place % (before.length + 1));
        writeFileSync(join(own, 'usage.jsonl'), bytes);
        const log = openLog({ folder: own });
        append(log, line(3));
        await closed(log);
        const text = readFileSync(log.path, 'utf8');
        expect(text.startsWith(bytes.toString())).toBe(true);
        expect(text.endsWith(`\n${line(3)}\n`) || text === `${line(3)}\n`).toBe(true);
        expect(linesOf(log.path).at(-1)).toBe(line(3));
      }),
      { numRuns: 40 },
    );
  });

  it('starts where there can be no folder, says why nothing is written, and writes once there can be one', async () => {
    writeFileSync(join(folder, 'file'), '');
    const log = openLog({ folder: join(folder, 'file', 'logs') });
    expect(log.status()).toMatchObject({ ok: false, error: expect.stringMatching(/ENOTDIR|EEXIST/) });
    append(log, line(1));
    rmSync(join(folder, 'file'));
    await closed(log);
    expect(linesOf(log.path)).toEqual([line(1)]);
  });

  it('keeps the log to its owner', async () => {
    const log = openLog({ folder: join(folder, 'logs') });
    await write(log, line(1));
    const modes = [join(folder, 'logs'), log.path].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600]);
  });
});

describe('rotation', () => {
  it('by size: keeps the newest files, loses no line of them', async () => {
    const log = openLog({ maxBytes: 500, maxFiles: 3 });
    for (let seq = 1; seq <= 8; seq += 1) {
      await write(log, line(seq, 600));
      clockMs += 1000;
    }
    // Old files are removed beside the writing.
    await expect.poll(archived, { timeout: 8_000, interval: 10 }).toHaveLength(3);
    for (const name of archived()) expect(name).toMatch(/^usage-.*\.jsonl$/);
    expect(everything().map((text) => (JSON.parse(text) as { seq: number }).seq)).toEqual([5, 6, 7, 8]);
  });

  it('never takes a file that is not its own', async () => {
    mkdirSync(join(folder, 'archive'));
    for (const name of ['usage-mine.jsonl', 'notes.txt', 'usage-20200101T000000000Z.jsonl.gz'])
      writeFileSync(join(folder, 'archive', name), 'keep');
    const log = openLog({ maxBytes: 1, maxFiles: 1 });
    for (let seq = 1; seq <= 4; seq += 1) {
      await write(log, line(seq));
      clockMs += 1000;
    }
    await expect.poll(archived, { timeout: 8_000, interval: 10 }).toHaveLength(4);
    expect(archived().filter((name) => readFileSync(join(folder, 'archive', name), 'utf8') === 'keep')).toHaveLength(3);
  });

  it('by age: that of the oldest line, also after a restart', async () => {
    const log = openLog({ maxAgeMs: 3_600_000 });
    await write(log, line(1));
    clockMs += 3_599_000;
    await write(log, line(2));
    expect(archived()).toEqual([]);
    await closed(log);

    const restarted = openLog({ maxAgeMs: 3_600_000 });
    clockMs += 2_000;
    await write(restarted, line(3));
    expect(archived()).toHaveLength(1);
    expect(linesOf(restarted.path)).toEqual([line(3)]);
    expect(everything()).toHaveLength(3);
  });

  it('does not turn an empty file', async () => {
    const log = openLog({ maxAgeMs: 1000 });
    clockMs += 10_000;
    await write(log, line(1));
    expect(archived()).toEqual([]);
  });

  it('loses nothing when two files are full within one millisecond', async () => {
    const log = openLog({ maxBytes: 1 });
    for (let seq = 1; seq <= 4; seq += 1) await write(log, line(seq));
    expect(everything().map((text) => (JSON.parse(text) as { seq: number }).seq)).toEqual([1, 2, 3, 4]);
  });
});

describe('a disk that refuses', () => {
  it('holds lines back and writes them in order when it recovers', async () => {
    // Every write to this device answers "no space left".
    symlinkSync('/dev/full', join(folder, 'usage.jsonl'));
    const log = openLog();
    append(log, line(1));
    await expect.poll(() => log.status().ok, { timeout: 8_000 }).toBe(false);
    append(log, line(2));
    expect(log.status()).toMatchObject({
      ok: false,
      error: `ENOSPC: can't write ${log.path}`,
      writes: 0,
      pendingLines: 2,
    });
    expect(durable).toEqual([]);
    rmSync(log.path);
    await untilDurable(2);
    expect(linesOf(log.path)).toEqual([line(1), line(2)]);
    expect(log.status()).toMatchObject({ ok: true, error: null, writes: 2, pendingLines: 0 });
    expect(log.status().writeErrors).toBeGreaterThan(0);
  });

  it('goes on in a new file when somebody deletes the old one', async () => {
    const log = openLog();
    await write(log, line(1));
    rmSync(log.path);
    await write(log, line(2));
    expect(linesOf(log.path)).toEqual([line(2)]);
  });

  it('goes on when the whole folder was deleted', async () => {
    const own = join(folder, 'logs');
    const log = openLog({ folder: own });
    await write(log, line(1));
    rmSync(own, { recursive: true });
    await write(log, line(2));
    expect(linesOf(log.path)).toEqual([line(2)]);
  });

  it('recovers after the folder was a file for a while', async () => {
    const own = join(folder, 'logs');
    const log = openLog({ folder: own });
    await write(log, line(1));
    rmSync(own, { recursive: true });
    writeFileSync(own, 'in the way');
    append(log, line(2));
    await expect.poll(() => log.status().ok, { timeout: 8_000 }).toBe(false);
    append(log, line(3));
    rmSync(own);
    await untilDurable(3);
    expect(linesOf(log.path)).toEqual([line(2), line(3)]);
    expect(log.status()).toMatchObject({ ok: true, pendingLines: 0 });
  });

  it('goes on in the full file when the archive can take no more', async () => {
    writeFileSync(join(folder, 'archive'), 'in the way');
    const log = openLog({ maxBytes: 1 });
    for (let seq = 1; seq <= 3; seq += 1) append(log, line(seq));
    await untilDurable(3);
    append(log, line(4));
    await untilDurable(4);
    expect(linesOf(log.path)).toHaveLength(4);
  });

  const small = smallDisk();
  it.skipIf(small === null)('that fills up within a write repeats no line', async () => {
    const own = small ?? '';
    try {
      const log = openLog({ folder: join(own, 'logs') });
      const filler = join(own, 'filler');
      // Leaves two pages.
      for (let free = true; free;) {
        try {
          appendFileSync(filler, Buffer.alloc(4096));
        } catch {
          free = false;
        }
      }
      execFileSync('truncate', ['-s', '-8192', filler]);
      const wanted = Array.from({ length: 40 }, (_, index) => line(index, 500));
      for (const one of wanted) append(log, one);
      await expect.poll(() => log.status().ok, { timeout: 8_000 }).toBe(false);
      rmSync(filler);
      await untilDurable(40);
      expect(durable).toEqual(wanted);
      expect(linesOf(log.path).filter((text) => text.endsWith('"}'))).toEqual(wanted);
      await closed(log);
    } finally {
      execFileSync('umount', ['-l', own]);
      rmSync(own, { recursive: true, force: true });
    }
  });
});

/** A file system of 64 KiB; null, with the reason printed, where this user may not make one. */
function smallDisk(): string | null {
  const own = mkdtempSync(join(tmpdir(), 'shim-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', own], { stdio: 'pipe' });
    return own;
  } catch (error) {
    rmSync(own, { recursive: true, force: true });
    process.stdout.write(
      `skipped: no file system of our own to fill (${(error as Error).message.split('\n').at(-2) ?? ''})\n`,
    );
    return null;
  }
}
