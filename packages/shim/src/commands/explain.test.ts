import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { numberOf, openDatabase, type Database } from '../store/db/sqlite.ts';
import { startRig, until, type Reply, type Rig } from '../testing/rig.ts';
import { runToEnd, type Run } from '../testing/run-to-end.ts';

// Each command is a process of its own, which takes a second or more to start on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

function openOf(rig: Rig, readOnly = true): Database {
  return openDatabase(join(rig.folder, 'state', 'ccp.sqlite3'), { readOnly });
}

function ridOf({ headers }: Reply): string {
  return String(headers['x-ccp-rid']);
}

async function written(rig: Rig, count: number): Promise<void> {
  const db = openOf(rig);
  const sql =
    'SELECT (SELECT count(*) FROM decision) + (SELECT count(*) FROM usage_sample WHERE decision_form IS NOT NULL)';
  await until(() => numberOf(db, sql) === count, `${count} decisions on disk`);
  db.close();
}

async function explain(rig: Rig, ...args: readonly string[]): Promise<Run> {
  return runToEnd(['explain', ...args], { CCP_STATE_DIR: join(rig.folder, 'state') });
}

interface Told {
  readonly steps: readonly Readonly<Record<string, unknown>>[];
  readonly replay: unknown;
}

const SAME = { same: true, differences: [] };

describe('shim explain', () => {
  it('tells of a fallback, and decides the same again', async () => {
    await using rig = await startRig({
      providers: { a: { rules: [{ then: { act: 'overloaded' } }] }, b: {}, c: {} },
      lanes: { b: { model_map: { 'claude-*': 'b-model' } } },
      env: { C_KEY: '' },
    });
    const rid = ridOf(await rig.ask());
    await written(rig, 1);
    const [story, json] = await Promise.all([
      explain(rig, rid, '--replay'),
      explain(rig, `req_ccp_${rid.slice(0, 6)}`, '--json', '--replay'),
    ]);
    expect({ code: story.code, err: story.err }).toEqual({ code: 0, err: '' });
    expect(story.out.split('\n')).toEqual([
      expect.stringMatching(new RegExp(`^${rid}, ended 20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC$`)),
      expect.stringMatching(
        /^ {2}request {5}claude-sonnet-4-5, messages, streamed, from no subagent; configuration \w{12}$/,
      ),
      expect.stringMatching(/^ {2}route {7}a → b \(pass_through\): route \* → a; skipped c/),
      expect.stringMatching(/^ {14}c was passed over: .*C_KEY/),
      '  1. a        tried as claude-sonnet-4-5: overloaded, status 529 (quota_pass)',
      expect.stringMatching(/^ {14}quota: rolling 0 of no cap, weekly 0 of no cap, pending 0, need \d+: allow$/),
      '              asked: mode hybrid, quota says allow, rest none, another lane follows → stay',
      '  2. b        tried as b-model: ok, status 200 (quota_pass)',
      expect.stringMatching(/quota: /),
      '              asked: mode hybrid, quota says allow, rest none, no other lane follows → stay',
      expect.stringMatching(/^ {2}answer {6}200 from b, complete \(fallback\): a failed: /),
      'replayed: the same',
      '',
    ]);
    const told = JSON.parse(json.out) as Told;
    expect(told).toMatchObject({ rid, answer: { lane: 'b', status: 200 }, replay: SAME });
    expect(told.steps.map(({ lane }) => lane)).toEqual(['a', 'b']);
  });

  it('tells of a plain request what was true of it, though most of that is kept once for all of its kind', async () => {
    await using rig = await startRig({
      providers: { a: { turn: { usage: { input: 600, output: 390 } } } },
      quotas: { models: { 'claude-*': { provider: 'a', rolling_tokens: 1_000_000 } } },
    });
    const asked = [await rig.ask(), await rig.ask(), await rig.ask({ model: 'claude-haiku-4-5' })];
    await written(rig, 3);
    const db = openOf(rig);
    expect(numberOf(db, `SELECT count(*) FROM config_version WHERE id LIKE 'form-%'`)).toBe(2);
    db.close();
    const told = await Promise.all(asked.map((reply) => explain(rig, ridOf(reply), '--json', '--replay')));
    const lines = await rig.completions(3);
    for (const [nth, { out }] of told.entries()) {
      const line = lines.find(({ rid }) => rid === ridOf(asked[nth]!))!;
      const record = JSON.parse(out) as Told & Readonly<Record<string, unknown>>;
      expect(record).toMatchObject({
        ...{ v: 1, rid: line.rid, ts: line.ts, model: line.model, op: 'messages', stream: true, replay: SAME },
        route: { decision: 'pass_through', lanes: ['a'], skipped: [] },
        answer: { lane: 'a', status: 200, ended: 'complete', decision: line.decision, reason: line.decision_reason },
      });
      expect(record.steps).toEqual([
        {
          ...{ lane: 'a', upstream_model: line.model, attempted: true, action: 'stay', decision: 'quota_pass' },
          ...{ shadow: null, probe: false, cooldown: null, outcome: { kind: 'ok', reason: '', status: 200 } },
          question: { mode: 'hybrid', verdict: 'allow', rest: 'none', hasOther: false },
          quota: {
            reason: 'none',
            rolling_used: line.rolling_used_tokens,
            rolling_cap: 1_000_000,
            weekly_used: line.weekly_used_tokens,
            weekly_cap: null,
            pending: 0,
            need: line.reserved_tokens,
          },
        },
      ]);
    }
    expect(lines.map((line) => line.rolling_used_tokens)).toEqual([0, 990, 1980]);
  });

  it('tells of a quota that turned a request away, with what was used and needed', async () => {
    await using rig = await startRig({
      providers: { a: { turn: { usage: { input: 600, output: 390 } } }, b: {} },
      quotas: { models: { 'claude-*': { provider: 'a', rolling_tokens: 1_000 } } },
    });
    await rig.ask();
    await written(rig, 1);
    const rid = ridOf(await rig.ask());
    await written(rig, 2);
    const { code, out } = await explain(rig, rid, '--replay');
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}1\. a {8}not tried \(quota_block\)$/m);
    expect(out).toMatch(/quota: rolling 990 of 1,000, weekly 990 of no cap, pending 0, need \d+: block \(rolling\)$/m);
    expect(out).toMatch(/asked: mode hybrid, quota says block, rest none, another lane follows → next$/m);
    expect(out).toMatch(/^ {2}2\. b {8}tried as claude-sonnet-4-5: ok, status 200/m);
    expect(out).toMatch(/^ {2}answer {6}200 from b, complete \(quota_block\): a is at 99 % of its rolling quota$/m);
    expect(out).toMatch(/^replayed: the same$/m);
  });

  it('tells of a lane that rests, and of decisions in shadow mode', async () => {
    await using rig = await startRig({
      providers: { a: { rules: [{ times: 1, then: { act: 'reject', kind: 'five_hour', reset_in_s: 3_600 } }] }, b: {} },
      quotas: { models: { 'claude-*': { provider: 'b', rolling_tokens: 1 } } },
      env: { CCP_FEATURES: 'quota_shadow' },
    });
    const first = ridOf(await rig.ask());
    const second = ridOf(await rig.ask());
    await written(rig, 2);
    const [rejected, rested] = await Promise.all([first, second].map((rid) => explain(rig, rid, '--replay')));
    expect([rejected!.code, rested!.code]).toEqual([0, 0]);
    expect(rejected!.out).toMatch(/1\. a {8}tried as claude-sonnet-4-5: five_hour, .*, status 429/);
    expect(rested!.out).toMatch(/1\. a {8}not tried \(quota_cooldown\)$/m);
    expect(rested!.out).toMatch(/^ {14}rest: until 20.* UTC \(five_hour, .*\)$/m);
    expect(rested!.out).toMatch(/^ {14}only noted \(quota_shadow\): quota_block$/m);
    expect(rested!.out).toMatch(/answer {6}200 from b, complete \(quota_cooldown\): a rests after/);
    expect(rested!.out).toMatch(/^replayed: the same$/m);
  });

  it('tells of a request that no lane took', async () => {
    await using rig = await startRig({ quotas: { models: { '*': { rolling_tokens: 1 } } } });
    await rig.ask();
    const blocked = await rig.ask();
    expect(blocked.status).toBe(429);
    await written(rig, 2);
    const { code, out } = await explain(rig, ridOf(blocked), '--replay');
    expect(code).toBe(0);
    expect(out).toMatch(/1\. anthropic {1,2}not tried \(quota_block\)$/m);
    expect(out).toMatch(/no other lane follows → refuse$/m);
    expect(out).toMatch(/^ {2}answer {6}429 from anthropic/m);
  });

  it('names what comes out differently', async () => {
    await using rig = await startRig({ providers: { a: {}, b: {} } });
    const rid = ridOf(await rig.ask());
    await written(rig, 1);
    const db = openOf(rig, false);
    // What a plain decision has in common with others lies beside the configurations.
    db.exec(
      `UPDATE config_version SET json = replace(replace(json, '"route * → a"', '"route * → z"'), '"action":"stay"', '"action":"next"')`,
    );
    const [story, json] = await Promise.all([explain(rig, rid, '--replay'), explain(rig, rid, '--replay', '--json')]);
    const differences = [
      'route: reason was "route * → z" and is now "route * → a"',
      'lane a: action was "next" and is now "stay"',
    ];
    expect({ code: story.code, err: story.err }).toEqual({ code: 1, err: '' });
    expect(story.out).toContain(`\nreplayed: not the same\n  ${differences.join('\n  ')}\n`);
    expect(json.code).toBe(1);
    expect((JSON.parse(json.out) as Told).replay).toEqual({ same: false, differences });

    db.exec(`DELETE FROM config_version WHERE id NOT LIKE 'form-%'`);
    const [told, lost] = await Promise.all([explain(rig, rid), explain(rig, rid, '--replay')]);
    expect(told.code).toBe(0);
    expect(lost).toMatchObject({ code: 1, out: '' });
    expect(lost.err).toMatch(/^shim: the configuration \w{12} that .* is not in .*: .*leave out --replay\n$/);

    db.exec('DELETE FROM config_version');
    db.close();
    const formless = await explain(rig, rid);
    expect(formless).toMatchObject({ code: 1, out: '' });
    expect(formless.err).toMatch(
      /^shim: the record of \w+ refers to form-\w{12}, which is not in .*: .*newer request\n$/,
    );
  });

  it('finds what an older program has kept, whose file has no place for the forms of decisions', async () => {
    await using rig = await startRig({ providers: { a: { rules: [{ then: { act: 'overloaded' } }] }, b: {} } });
    const rid = ridOf(await rig.ask());
    await written(rig, 1);
    const db = openOf(rig, false);
    for (const column of ['form', 'rolling', 'weekly', 'pending', 'need'])
      db.exec(`ALTER TABLE usage_sample DROP COLUMN ${column === 'form' ? 'decision_form' : `decided_${column}`}`);
    db.close();
    const told = await explain(rig, rid, '--json');
    expect(told).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(told.out)).toMatchObject({ rid, answer: { lane: 'b', status: 200 } });
  });

  it('lists all whose id begins so, and says when there is none', async () => {
    await using rig = await startRig();
    const rids = [ridOf(await rig.ask()), ridOf(await rig.ask({ model: 'n' }))];
    await written(rig, 2);
    const db = openOf(rig, false);
    db.exec(`UPDATE usage_sample SET rid = 'ab' || rid`);
    db.close();
    const [list, json, replayed, none, empty, noId] = await Promise.all([
      explain(rig, 'ab'),
      explain(rig, 'ab', '--json'),
      explain(rig, 'ab', '--replay'),
      explain(rig, 'zz'),
      explain(rig, 'req_ccp_'),
      explain(rig),
    ]);
    expect(list.code).toBe(0);
    expect(list.out).toMatch(
      new RegExp(`^2 decisions begin with ab, newest first:\n  ab${rids[1]}  .* n → anthropic 200\n  ab${rids[0]}  `),
    );
    expect((JSON.parse(json.out) as { matches: { rid: string }[] }).matches.map(({ rid }) => rid)).toEqual([
      `ab${rids[1]}`,
      `ab${rids[0]}`,
    ]);
    expect(replayed).toMatchObject({
      code: 1,
      err: 'shim: nothing was replayed: 2 decisions begin with ab: give more of the id\n',
    });
    expect(none).toMatchObject({ code: 1, out: '' });
    expect(none.err).toMatch(/^shim: no decision in .*ccp\.sqlite3 has an id that begins with zz: .*\n$/);
    expect([empty.code, noId.code]).toEqual([2, 2]);
  });
});
