import { appendFileSync, chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openBook } from '../../events/book.ts';
import { run } from '../../program.ts';
import { snapshotOf, usageFixture } from '../../testing/fixtures.ts';
import { tempDir } from '../../testing/temp-dir.ts';
import { serveUsage } from '../../testing/usage-server.ts';
import { folderFindings } from './data-folder.ts';
import type { Finding } from './finding.ts';
import { journalFindings } from './journals.ts';
import { shimFindings } from './running-shim.ts';
import { nodeFinding, surroundingFindings } from './surroundings.ts';

const graded = (findings: readonly Finding[]): Record<string, string> =>
  Object.fromEntries(findings.map(({ check, grade }) => [check, grade]));

test('every finding that is not fine says what to do', () => {
  using dir = tempDir();
  const findings = [
    ...surroundingFindings(
      {
        TZ: 'Mars/Olympus',
        LANG: 'C',
        PRIVACY_TIER: 'some',
        PATH: '',
        CLAUDE_CONFIG_DIR: join(dir.path, 'elsewhere'),
        CODEX_HOME: join(dir.path, 'elsewhere'),
      },
      dir.path,
    ),
    nodeFinding('18.0.0'),
  ];
  expect(graded(findings)).toMatchObject({
    zone: 'warn',
    privacy: 'bad',
    claude: 'warn',
    codex: 'warn',
    terminal: 'warn',
    node: 'bad',
  });
  for (const { remedy, grade } of findings) expect(grade === 'ok').toBe(remedy === null);
});

test('nobody has to have old turns: a home without the folders of either agent is fine', () => {
  using dir = tempDir();
  const findings = surroundingFindings({ LANG: 'C.UTF-8', PATH: process.env['PATH'] }, dir.path);
  expect(graded(findings)).toMatchObject({ claude: 'ok', codex: 'ok' });
  expect(findings.find(({ check }) => check === 'codex')?.found).toContain('no old turns to read');
});

test('what is in place is fine, and the tier comes from its file', () => {
  using dir = tempDir();
  for (const part of ['.claude/projects', '.codex/sessions', '.config/ccp'])
    mkdirSync(join(dir.path, part), { recursive: true });
  const file = join(dir.path, '.config/ccp/privacy.json');
  writeFileSync(file, '{"tier": "full"}');
  const env = { LANG: 'C.UTF-8', PATH: process.env['PATH'] };
  const all = (): readonly Finding[] => surroundingFindings(env, dir.path);
  expect(graded(all())).toMatchObject({
    zone: 'ok',
    privacy: 'ok',
    claude: 'ok',
    codex: 'ok',
    git: 'ok',
    terminal: 'ok',
  });
  expect(all().find(({ check }) => check === 'privacy')?.found).toContain('tier full');
  writeFileSync(file, '{"tier": ');
  expect(graded(all())).toMatchObject({ privacy: 'bad' });
});

test('a folder that is in the way, and rows that others may read', () => {
  using dir = tempDir();
  const data = join(dir.path, 'a data folder');
  expect(graded(folderFindings(data))).toEqual({ data: 'ok', disk: expect.any(String) });
  mkdirSync(data, { mode: 0o755 });
  writeFileSync(join(data, 'windows.jsonl'), '', { mode: 0o644 });
  expect(folderFindings(data).at(-1)).toMatchObject({
    check: 'modes',
    grade: 'warn',
    remedy: `chmod 700 '${data}' && chmod 600 '${join(data, 'windows.jsonl')}'`,
  });
  chmodSync(data, 0o700);
  chmodSync(join(data, 'windows.jsonl'), 0o600);
  expect(graded(folderFindings(data))).not.toHaveProperty('modes');
  const file = join(dir.path, 'file');
  writeFileSync(file, '');
  expect(folderFindings(join(file, 'x'))).toMatchObject([{ check: 'data', grade: 'bad' }]);
});

test('the ends of journals: none yet, whole, torn, foreign; a shim that was not read for long', async () => {
  using dir = tempDir();
  const book = openBook(dir.path);
  const at = (text: string): number => Date.parse(text) / 1000;
  expect(journalFindings(book, 0)).toMatchObject([{ grade: 'warn', remedy: expect.stringContaining('poll --watch') }]);
  await book.append('ccc_snapshot', { ...snapshotOf(usageFixture('full')), captured_at: '2030-01-01T00:00:00Z' });
  const soon = at('2030-01-01T00:10:00Z');
  expect(graded(journalFindings(book, soon))).toEqual({ journals: 'ok', poll: 'ok', sums: 'warn' });
  expect(graded(journalFindings(book, soon + 7200))).toMatchObject({ poll: 'warn' });
  appendFileSync(join(dir.path, 'windows.jsonl'), '{"kind":"other"}\n{"kind":"tu');
  const found = journalFindings(book, soon).filter(({ check }) => check === 'journals');
  expect(found.map(({ found: what }) => what)).toEqual([
    expect.stringContaining('has no end'),
    expect.stringContaining('row of another family'),
  ]);
});

test('a shim whose clock is off, and one that does not answer', async () => {
  const usage = { ...usageFixture('full'), ts: Date.now() / 1000 - 100 };
  const server = await serveUsage(() => ({ body: JSON.stringify(usage) }));
  const findings = await shimFindings(server.url);
  expect(graded(findings)).toMatchObject({ clock: 'warn' });
  expect(findings.find(({ check }) => check === 'clock')?.found).toMatch(/^the shim's clock is \d+\.\d s behind ours$/);
  const [only, ...more] = await shimFindings(new URL('http://127.0.0.1:9/'));
  expect([only?.grade, more]).toEqual(['bad', []]);
  expect(only?.remedy).toContain('shim serve');
});

test('tracker doctor exits 1 where something has to be mended, and writes nothing', async () => {
  using dir = tempDir();
  const data = join(dir.path, 'data');
  let printed = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((printed += String(text)), true));
  onTestFinished(() => write.mockRestore());
  const code = await run([
    'node',
    'tracker',
    'doctor',
    '--json',
    '--ccp-url',
    'http://127.0.0.1:9',
    '--data-dir',
    data,
  ]);
  expect(code).toBe(1);
  const { ok, findings } = JSON.parse(printed) as { ok: boolean; findings: Finding[] };
  expect([ok, graded(findings)]).toMatchObject([false, { shim: 'bad', data: 'ok', journals: 'warn', prices: 'ok' }]);
  expect(existsSync(data)).toBe(false);
});
