import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readyz, UsageSamples } from '@ccp/contracts';
import { describe, expect, it } from 'vitest';
import { startSimulator } from './simulator/simulator.ts';
import { runShim } from './testing/child.ts';
import { ask, startRig, until, type Rig } from './testing/rig.ts';

const QUOTAS = { models: { m: { provider: 'anthropic', rolling_tokens: 1_000_000 } } };

async function readyz(url: string): Promise<Readyz> {
  return JSON.parse((await ask(url, { method: 'GET', path: '/v1/readyz' })).text) as Readyz;
}

async function stored(rig: Pick<Rig, 'get'>): Promise<string[]> {
  const { text } = await rig.get('/v1/usage/samples?since=0&limit=1000');
  return Object.values((JSON.parse(text) as UsageSamples).models).flatMap((rows) => rows.map(({ rid }) => rid));
}

/** Sends turns and answers their ids. */
async function turns(rig: Rig, count: number): Promise<string[]> {
  const rids: string[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const reply = await rig.ask({ model: 'm' });
    expect(reply.status).toBe(200);
    rids.push(String(reply.headers['x-ccp-rid']));
  }
  return rids;
}

const databaseOf = (rig: Rig): string => join(rig.folder, 'state', 'ccp.sqlite3');

describe('trouble with the disk stops no request, and nothing recorded is lost', () => {
  it('a database that is damaged at the start is moved aside, and its turns come back from it and from the log', async () => {
    await using rig = await startRig({ quotas: QUOTAS });
    const before = await turns(rig, 5);
    await until(async () => (await stored(rig)).length === 5, 'the rows');
    const usage = (await rig.usage()).models['m']!;
    await rig.shim.stop(200);
    writeFileSync(databaseOf(rig), 'this is no database'.repeat(1000));
    for (const suffix of ['-wal', '-shm']) rmSync(databaseOf(rig) + suffix, { force: true });
    await rig.restart();
    await until(async () => (await stored(rig)).length === 5, 'the turns of the log');
    expect((await stored(rig)).toSorted()).toEqual(before.toSorted());
    expect(readdirSync(join(rig.folder, 'state')).some((name) => name.startsWith('ccp.sqlite3.corrupt-'))).toBe(true);
    expect((await readyz(rig.url)).ready).toBe(true);
    await turns(rig, 1);
    // What came back from the log counts against the quota at once, and after the next start.
    const used = async (): Promise<number> => (await rig.usage()).models['m']!.rolling_tokens! / usage.rolling_tokens!;
    await until(async () => (await used()) === 6 / 5, 'the quota to know of it');
    await rig.restart();
    expect(await used()).toBe(6 / 5);
  });

  it('a database that is deleted while running is made anew, with what is in the log', async () => {
    await using rig = await startRig();
    const before = await turns(rig, 3);
    await until(async () => (await stored(rig)).length === 3, 'the rows');
    for (const suffix of ['', '-wal', '-shm']) rmSync(databaseOf(rig) + suffix, { force: true });
    const after: string[] = [];
    await until(
      async () => {
        after.push(...(await turns(rig, 1)));
        return existsSync(databaseOf(rig));
      },
      'a new database',
      10_000,
    );
    await until(async () => after.every((rid) => readable(rig).includes(rid)), 'what came since');
    await until(async () => (await stored(rig)).length === before.length + after.length, 'what was there before');
    expect((await stored(rig)).toSorted()).toEqual([...before, ...after].toSorted());
    // Nor does the next start forget what was counted before.
    const used = (await rig.usage()).models['m']!.tokens!.rolling;
    await rig.restart();
    expect((await rig.usage()).models['m']!.tokens!.rolling).toEqual(used);
  });

  it('turns that end while a deleted database is made anew count once', async () => {
    await using rig = await startRig();
    await turns(rig, 3);
    await until(async () => (await stored(rig)).length === 3, 'the rows');
    for (const suffix of ['', '-wal', '-shm']) rmSync(databaseOf(rig) + suffix, { force: true });
    // Always some that are settled and not yet written down.
    let made = false;
    const busy = Array.from({ length: 8 }, async () => {
      while (!made) await turns(rig, 1);
    });
    const isMade = (): boolean => rig.logged.some((line) => line.includes('were taken from the usage log'));
    await until(isMade, 'a new database', 10_000);
    made = true;
    await Promise.all(busy);
    const used = (await rig.usage()).models['m']!.tokens!.rolling;
    await rig.restart();
    expect((await rig.usage()).models['m']!.tokens!.rolling).toEqual(used);
  });

  it('a log that is deleted while running is begun anew; the database still knows every turn', async () => {
    await using rig = await startRig();
    await turns(rig, 2);
    await rig.completions(2);
    rmSync(rig.shim.logPath);
    await turns(rig, 2);
    await until(() => existsSync(rig.shim.logPath), 'a new log');
    await rig.completions(2);
    await until(async () => (await stored(rig)).length === 4, 'all four rows');
    expect((await readyz(rig.url)).ready).toBe(true);
  });

  it('pages torn out of a database that is in use lose no turn', async () => {
    await using rig = await startRig();
    const before = await turns(rig, 40);
    await until(async () => (await stored(rig)).length === 40, 'the rows');
    await rig.shim.stop(200);
    const { size } = statSync(databaseOf(rig));
    truncateSync(databaseOf(rig), Math.floor(size / 2));
    await rig.restart();
    const more = await turns(rig, 2);
    await until(async () => (await stored(rig)).length >= 42, 'all rows', 15_000);
    expect(new Set(await stored(rig))).toEqual(new Set([...before, ...more]));
  });

  it.skipIf(process.platform !== 'linux')(
    'a full disk: turns go on, readyz says why, and all is written once there is room',
    async () => {
      await using sim = await disposable();
      const env = { CCP_UPSTREAM_ANTH: sim.url, CCP_LOG_MAX_BYTES: '100000000' };
      await using child = runShim(['serve', '--port', '0', '--json'], env);
      const url = String((await child.ready())['url']);
      const pid = String(child.process.pid);
      const send = async (count: number): Promise<void> => {
        for (let turn = 0; turn < count; turn += 1) expect((await ask(url, { model: 'm' })).status).toBe(200);
      };
      await send(3);
      const count = async (): Promise<number> =>
        (await stored({ get: (path) => ask(url, { method: 'GET', path }) })).length;
      await until(async () => (await count()) === 3, 'the first rows');
      // No file may grow any more: what a full disk looks like to a program.
      execFileSync('prlimit', ['--pid', pid, '--fsize=1024:unlimited']);
      await send(30);
      const store = async (): Promise<Readyz['store']> => (await readyz(url)).store;
      await until(async () => !(await store())!.log!.ok && !(await store())!.database!.ok, 'readyz to say so');
      expect((await readyz(url)).ready).toBe(false);
      expect((await store())!.error).toMatch(/EFBIG|FULL|IOERR/);
      execFileSync('prlimit', ['--pid', pid, '--fsize=unlimited:unlimited']);
      await until(async () => (await readyz(url)).ready === true, 'readyz to recover');
      await until(async () => (await count()) === 33, 'every row');
      // The log tries again in its own time, which may be after the database.
      const log = (): string => readFileSync(join(child.home, '.local/state/ccp/logs/usage.jsonl'), 'utf8');
      await until(() => log().split('"event":"completion"').length > 33 && log().endsWith('\n'), 'every line');
      const lines = log().trimEnd().split('\n');
      expect(lines.filter((line) => (JSON.parse(line) as { event: string }).event === 'completion')).toHaveLength(33);
    },
    30_000,
  );
});

function readable(rig: Rig): string {
  return readFileSync(rig.shim.logPath, 'utf8');
}

async function disposable(): Promise<{ url: string } & AsyncDisposable> {
  const sim = await startSimulator();
  return { url: sim.url, [Symbol.asyncDispose]: () => sim.close() };
}
