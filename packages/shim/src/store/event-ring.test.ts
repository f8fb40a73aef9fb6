import { fstatSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { EventRing, type StoredEvent } from './event-ring.ts';
import { LogFile } from './log-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccp-ring-'));
let files = 0;
afterAll(() => rmSync(folder, { recursive: true }));

/** Puts lines into a log of its own and tells a ring of them. */
class Log {
  path = join(folder, `${(files += 1)}.jsonl`);
  file = new LogFile(this.path);
  readonly ring: EventRing;

  constructor(size: number) {
    this.ring = new EventRing(size);
  }

  push(from: number, to: number): void {
    const lines = numbers(from, to).map((seq) => `{"seq":${seq},"n":1}\n`);
    const place = { file: this.file, from: fstatSync(this.file.fd).size };
    const bytes = Buffer.from(lines.join(''));
    writeSync(this.file.fd, bytes);
    this.ring.push({ firstSeq: from, count: lines.length, bytes }, place);
  }

  /** Lines go to another file from now on. */
  rotate(as = 'old'): void {
    this.file.letGo();
    renameSync(this.path, `${this.path}.${as}`);
    this.file = new LogFile(this.path);
  }

  close(): void {
    this.file.letGo();
    this.ring.close();
  }
}

/** The descriptor may be another file's meanwhile. */
function isOpen({ fd, ino }: { readonly fd: number; readonly ino: number }): boolean {
  try {
    return fstatSync(fd).ino === ino;
  } catch {
    return false;
  }
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
const seqs = (found: { readonly events: readonly StoredEvent[] }): number[] => found.events.map(({ seq }) => seq);

describe('EventRing', () => {
  it('answers what came after a number, and whether that is all of it', () => {
    const log = new Log(10);
    const { ring } = log;
    expect(ring.after(0)).toEqual({ events: [], complete: true });
    log.push(1, 5);
    expect(seqs(ring.after(0))).toEqual([1, 2, 3, 4, 5]);
    expect(seqs(ring.after(3))).toEqual([4, 5]);
    expect(ring.after(5)).toEqual({ events: [], complete: true });
    expect(ring.after(0).complete).toBe(true);
  });

  it('says when events were already forgotten', () => {
    const log = new Log(10);
    const { ring } = log;
    for (let from = 1; from < 30; from += 3) log.push(from, from + 2);
    const first = seqs(ring.after(0))[0] ?? 0;
    expect(ring.after(0).complete).toBe(false);
    expect(ring.after(first - 2).complete).toBe(false);
    expect(ring.after(first - 1).complete).toBe(true);
    expect(ring.after(30)).toEqual({ events: [], complete: true });
  });

  it('holds at least its size of the newest, bounded, without a hole', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 }), fc.nat(400), (batches, asked) => {
        const log = new Log(20);
        const { ring } = log;
        let last = 0;
        for (const batch of batches) log.push(last + 1, (last += batch));
        const held = seqs(ring.after(0));
        expect(held.length).toBeGreaterThanOrEqual(Math.min(last, 20));
        // Blocks are kept whole: one more than the size needs at the most.
        expect(held.length).toBeLessThanOrEqual(20 + 30);
        expect(held).toEqual(numbers(last - held.length + 1, last));
        const after = ring.after(asked);
        if (after.complete) expect(seqs(after)).toEqual(numbers(asked + 1, last));
        else expect(seqs(after)).toEqual(held);
        log.close();
      }),
    );
  });

  it('takes a batch of any size, such as after a disk has recovered', () => {
    const log = new Log(10);
    const { ring } = log;
    log.push(1, 300_000);
    expect(seqs(ring.after(299_998))).toEqual([299_999, 300_000]);
  });

  it('tells readers of new events until they leave', () => {
    const log = new Log(10);
    const { ring } = log;
    const one: number[] = [];
    const two: number[] = [];
    const leave = ring.follow((news) => one.push(...news.map(({ seq }) => seq)));
    ring.follow((news) => two.push(...news.map(({ seq }) => seq)));
    log.push(1, 2);
    leave();
    log.push(3, 3);
    expect([one, two]).toEqual([
      [1, 2],
      [1, 2, 3],
    ]);
  });

  it('knows lines that were moved to an archive, or deleted, since', () => {
    const log = new Log(10);
    log.push(1, 2);
    log.rotate();
    log.push(3, 4);
    rmSync(`${log.path}.old`);
    expect(log.ring.after(0)).toMatchObject({
      events: [{ seq: 1 }, { seq: 2 }, { seq: 3 }, { seq: 4 }],
      complete: true,
    });
  });

  it.each([
    ['cut off', (path: string) => truncateSync(path, 1)],
    ['written over', (path: string) => writeFileSync(path, '{"seq":8}\n'.repeat(20))],
  ])('says that events are missing whose lines were %s, and has those behind', (_what, spoil) => {
    const log = new Log(10);
    log.push(1, 2);
    log.rotate();
    log.push(3, 4);
    spoil(`${log.path}.old`);
    expect(seqs(log.ring.after(0))).toEqual([3, 4]);
    expect(log.ring.after(0).complete).toBe(false);
    expect(log.ring.after(2).complete).toBe(true);
  });

  it('holds no file open longer than it knows lines of it, and few at all', async () => {
    const log = new Log(1_000);
    const before: { readonly fd: number; readonly ino: number }[] = [];
    for (let seq = 1; seq <= 6; seq += 1) {
      log.push(seq, seq);
      const { fd } = log.file;
      before.push({ fd, ino: fstatSync(fd).ino });
      log.rotate(String(seq));
    }
    await vi.waitFor(() => expect(before.map(isOpen)).toEqual([false, false, true, true, true, true]));
    expect(seqs(log.ring.after(0))).toEqual([3, 4, 5, 6]);
    log.close();
    await vi.waitFor(() => expect(before.some(isOpen)).toBe(false));
  });
});
