import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runToEnd, type Run } from '../testing/run-to-end.ts';

const folder = mkdtempSync(join(tmpdir(), 'license-cli-'));
const at = (name: string): string => join(folder, name);
const GRANT = ['--sub', 'tester', '--plan', 'pro', '--features', 'zai_offload'];
const shim = (...args: string[]): Promise<Run> =>
  runToEnd(args, { XDG_CONFIG_HOME: at('config'), XDG_STATE_HOME: at('state') });

beforeAll(async () => {
  const { code, err } = await shim('license', 'keygen', '--out', folder, '--kid', 'k1');
  if (code !== 0) throw new Error(err);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('shim license', () => {
  it(
    'issues for this device, verifies, installs beside the one before, and shows it',
    { timeout: 120_000 },
    async () => {
      const issued = await shim(
        'license',
        'issue',
        '--key',
        at('k1.key.pem'),
        ...GRANT,
        '--device',
        'this',
        '--out',
        at('a.pack'),
        '--json',
      );
      const { license_id } = JSON.parse(issued.out) as { license_id: string };
      const verified = await shim('license', 'verify', at('a.pack'), '--keys', at('PUBKEYS.json'), '--json');
      expect([verified.code, JSON.parse(verified.out)]).toMatchObject([0, { ok: true, plan: 'pro', license_id }]);
      for (const pass of [1, 2]) {
        const done = await shim('license', 'install', at('a.pack'), '--keys', at('PUBKEYS.json'));
        expect(done, `pass ${pass}`).toMatchObject({ code: 0, err: '' });
      }
      for (const name of ['license.pack', 'license.pack.previous', 'PUBKEYS.json'])
        expect(statSync(at(join('config', 'ccp', name))).mode & 0o777).toBe(0o600);
      const status = await shim('license');
      expect(status.code).toBe(0);
      expect(status.out).toContain('● counts: plan pro with zai_offload');
      expect(status.out).toContain('keys       k1');
    },
  );

  it('never overwrites a key, and keeps keys to their owner', { timeout: 60_000 }, async () => {
    const before = readFileSync(at('k1.key.pem'), 'utf8');
    const again = await shim('license', 'keygen', '--out', folder, '--kid', 'k1');
    expect(again).toMatchObject({ code: 2, err: `shim: ${at('PUBKEYS.json')} has a key k1: give another --kid\n` });
    expect(readFileSync(at('k1.key.pem'), 'utf8')).toBe(before);
    expect(statSync(at('k1.key.pem')).mode & 0o777).toBe(0o600);
  });

  it.each([
    [['license', 'verify', 'nowhere.pack'], 1, /^shim: nowhere\.pack can't be read \(ENOENT\): check/],
    [['license', 'issue', '--key', 'nowhere.pem', ...GRANT], 1, /^shim: nowhere\.pem does not exist: check the path/],
    [['license', 'install'], 2, /^shim: nothing to install: name a license/],
    [
      ['license', 'login', '--issuer', 'http://license.example'],
      2,
      /^shim: the issuer would be asked without encryption/,
    ],
    [
      ['issuer', 'serve', '--host', '0.0.0.0'],
      2,
      /^shim: --host 0\.0\.0\.0 would hand out licenses without encryption/,
    ],
    [
      ['issuer', 'serve', '--dir', '/nonexistent/issuer'],
      1,
      /^shim: there is no key in \/nonexistent\/issuer: make one/,
    ],
    [['policy', 'fetch'], 2, /^shim: there is no address to fetch from: give --url/],
  ])('shim %s says in one line what to do', { timeout: 60_000 }, async (args, code, words) => {
    const run = await shim(...args);
    expect(run.code).toBe(code);
    expect(run.err).toMatch(words);
    expect(run.err.trimEnd()).not.toContain('\n');
  });

  it('takes nothing back with a list that somebody else has signed', { timeout: 60_000 }, async () => {
    writeFileSync(at('foreign.pack'), '{"revocations":{},"signature":"AAAA"}');
    const run = await shim(
      'license',
      'revoke',
      '0'.repeat(64),
      '--key',
      at('k1.key.pem'),
      '--list',
      at('foreign.pack'),
    );
    expect(run.code).toBe(1);
    expect(run.err).toContain('it is carried on only when this key has signed it');
    expect(readFileSync(at('foreign.pack'), 'utf8')).toContain('AAAA');
  });
});
