import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSession } from '../index.ts';
import { serveAggregate } from '../testing/aggregate-server.ts';
import { startTracker } from '../testing/child.ts';
import type { Ended } from '../testing/child.ts';
import { licenseIn } from '../testing/license-pack.ts';
import { tempDir } from '../testing/temp-dir.ts';

/** The commands one after the other, as a user of a home of their own types them. */
function terminal(home: string, more: NodeJS.ProcessEnv = {}): (line: string) => Promise<Ended> {
  const env = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    TRACKER_DATA_DIR: join(home, 'data'),
    PRIVACY_TIER: '',
    ...more,
  };
  return (line) => startTracker(line.split(' '), env).ended;
}

describe('tracker privacy and tracker upload', () => {
  it('send nothing without a license, and with one exactly what the preview has printed', async () => {
    using dir = tempDir();
    const { url, requests } = await serveAggregate();
    const keyFile = join(dir.path, 'key');
    writeFileSync(keyFile, 'the-key\n', { mode: 0o600 });
    const run = terminal(dir.path);
    const opened = openSession({ dataDir: join(dir.path, 'data'), env: { HOME: dir.path } });
    if (!opened.ok) throw new Error(opened.problem.message);
    await opened.value.startSession({ sessionId: 's-1', branch: 'feature/pay' });
    expect((await run(`privacy set full --endpoint ${url} --key-file ${keyFile}`)).code).toBe(0);
    expect(statSync(join(dir.path, 'config/ccp/privacy.json')).mode & 0o777).toBe(0o600);
    const denied = await run('upload');
    expect(denied).toMatchObject({ code: 1, stdout: '' });
    expect(denied.stderr).toMatch(/the tier full needs telemetry_full, and there is no license/);

    const license = licenseIn(join(dir.path, 'config'));
    license.install(['telemetry_full']);
    const agreed = openSession({
      dataDir: join(dir.path, 'data'),
      env: { HOME: dir.path, XDG_CONFIG_HOME: join(dir.path, 'config') },
    });
    if (!agreed.ok) throw new Error(agreed.problem.message);
    await agreed.value.startSession({ sessionId: 's-2', branch: 'feature/pay' });
    const preview = await run('privacy preview');
    expect(requests).toEqual([]);
    const upload = await run('upload --json');
    expect(upload).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(upload.stdout)).toMatchObject({ tier: 'full', sent: 2, pending: 0 });
    expect(requests.map(({ body }) => `${body}\n`).join('')).toBe(preview.stdout);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer the-key', 'Bearer the-key']);
    // What was written before the user agreed stays here.
    expect(preview.stdout).toContain('"session:s-2"');
    expect(preview.stdout).not.toMatch(/s-1|feature\/pay/);

    license.install(['telemetry_full'], { exp: Math.floor(Date.now() / 1000) - 3_600 });
    const ended = await run('upload');
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('the license has ended');
    expect(requests).toHaveLength(2);
  }, 180_000);

  it('refuse what can not be meant', async () => {
    using dir = tempDir();
    const run = terminal(dir.path, { PRIVACY_TIER: 'everything' });
    const file = join(dir.path, 'config/ccp/privacy.json');
    mkdirSync(join(dir.path, 'config/ccp'), { recursive: true });
    writeFileSync(file, '{"tier":"ful"}');
    const plain = terminal(dir.path);
    const [word, clear, wrong] = await Promise.all([
      run('privacy status'),
      plain('privacy set full --endpoint http://aggregate.example'),
      plain('upload'),
    ]);
    expect(word.stderr).toContain(`${file}: /tier must be one of: "local", "minimized", "full". Nothing leaves until`);
    expect(clear.stderr).toContain('not encrypted');
    expect(wrong.code).toBe(1);
    const mended = await run('privacy set local');
    expect(mended.code).toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ tier: 'local' });
    expect((await run('privacy status')).stderr).toMatch(
      /^error: PRIVACY_TIER is not one of local, minimized, full\. Nothing leaves until/,
    );
  }, 180_000);
});
