import { describe, expect, it } from 'vitest';
import { AfterTurn } from './after-turn.ts';

describe('AfterTurn', () => {
  it('does in a row what was left to be done, when all that this turn serves has been served', async () => {
    const done: string[] = [];
    const afterTurn = new AfterTurn((error) => done.push(String(error)));
    afterTurn.add(() => done.push('first'));
    process.nextTick(() => afterTurn.add(() => done.push('second')));
    await new Promise<void>((resolve) => process.nextTick(resolve));
    done.push('served');
    await afterTurn.settled();
    expect(done).toEqual(['served', 'first', 'second']);
  });

  it('leaves to the next turn what comes up meanwhile', async () => {
    const done: number[] = [];
    const afterTurn = new AfterTurn(() => undefined);
    afterTurn.add(() => afterTurn.add(() => done.push(2)));
    afterTurn.add(() => done.push(1));
    await afterTurn.settled();
    expect(done).toEqual([1]);
    await afterTurn.settled();
    expect(done).toEqual([1, 2]);
  });

  it('goes on behind a piece of work that fails, and tells of it', async () => {
    const told: unknown[] = [];
    let done = 0;
    const afterTurn = new AfterTurn((error) => told.push(error));
    const failure = new Error('no');
    afterTurn.add(() => {
      throw failure;
    });
    afterTurn.add(() => (done += 1));
    await afterTurn.settled();
    expect(told).toEqual([failure]);
    expect(done).toBe(1);
  });
});
