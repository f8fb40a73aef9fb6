import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Backlog } from './backlog.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('Backlog', () => {
  let done: number[];
  let errors: unknown[];
  let backlog: Backlog<number>;
  beforeEach(() => {
    done = [];
    errors = [];
    backlog = new Backlog<number>(
      (item) => {
        if (item < 0) throw new Error(`${item}`);
        done.push(item);
      },
      (error) => errors.push(error),
    );
  });

  it('works on items in their order, a moment later', () => {
    backlog.add(1);
    backlog.add(2);
    expect(done).toEqual([]);
    vi.advanceTimersByTime(20);
    expect(done).toEqual([1, 2]);
    backlog.add(3);
    vi.advanceTimersByTime(20);
    expect(done).toEqual([1, 2, 3]);
  });

  it('does not let many wait', () => {
    for (let item = 1; item < 256; item += 1) backlog.add(item);
    expect(done).toEqual([]);
    backlog.add(256);
    expect(done.length).toBe(256);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does all at once when somebody wants to see', () => {
    backlog.catchUp();
    backlog.add(1);
    backlog.add(2);
    backlog.catchUp();
    expect(done).toEqual([1, 2]);
    vi.advanceTimersByTime(100);
    expect(done).toEqual([1, 2]);
  });

  it('goes on behind an item that fails, and tells of it', () => {
    for (const item of [1, -1, 2, -2, 3]) backlog.add(item);
    vi.advanceTimersByTime(20);
    expect(done).toEqual([1, 2, 3]);
    expect(errors.map((error) => (error as Error).message)).toEqual(['-1', '-2']);
  });
});
