import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../testing/temp-dir.ts';
import { changeState, isStateName, readState, stateFile } from './state-file.ts';
import type { ProviderState } from './state-file.ts';

const CODEX = { provider: 'codex' };
const state = (window: string): ProviderState => ({
  ...{ provider: 'codex', current_window: window, last_phase: 'before', baseline_prompts: null },
  updated_at: '2030-01-01T00:00:00Z',
});

function keep(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

test('a state reads back as it was written, in a file nobody else may read, with no draft left', async () => {
  using dir = tempDir();
  expect(await changeState(dir.path, CODEX, () => state('W0-01'))).toEqual({ ok: true, value: state('W0-01') });
  expect(readState(dir.path, CODEX)).toEqual({ ok: true, value: state('W0-01') });
  const folder = join(dir.path, 'state');
  expect(readdirSync(folder)).toEqual(['codex.json']);
  expect([statSync(folder).mode & 0o777, statSync(join(folder, 'codex.json')).mode & 0o777]).toEqual([0o700, 0o600]);
});

test('agents have states of their own', async () => {
  using dir = tempDir();
  await changeState(dir.path, CODEX, () => state('W0-01'));
  await changeState(dir.path, { ...CODEX, agentId: 'agent-7' }, () => state('W0-09'));
  expect(readState(dir.path, { ...CODEX, agentId: '' })).toMatchObject({ value: { current_window: 'W0-01' } });
  expect(readFileSync(join(dir.path, 'state', 'agent-7', 'codex.json'), 'utf8')).toContain('W0-09');
});

describe('what is no state is a problem, and the caller goes on without', () => {
  test('a state that was never written', () => {
    using dir = tempDir();
    expect(readState(dir.path, CODEX)).toMatchObject({ ok: false, problem: { code: 'state-missing' } });
  });

  test.each([
    ['cut short', JSON.stringify(state('W0-01')).slice(0, -9)],
    ['empty', ''],
    ['a list', '[]'],
    ['of another provider', JSON.stringify({ ...state('W0-01'), provider: 'claude' })],
    ['without a window', JSON.stringify({ ...state('W0-01'), current_window: undefined })],
    ['in no phase we know', JSON.stringify({ ...state('W0-01'), last_phase: 'during' })],
    ['with less than no prompts', JSON.stringify({ ...state('W0-01'), baseline_prompts: -1 })],
    ['of no time', JSON.stringify({ ...state('W0-01'), updated_at: 'soon' })],
  ])('a file that is %s', async (_what, text) => {
    using dir = tempDir();
    keep(stateFile(dir.path, CODEX), text);
    expect(readState(dir.path, CODEX)).toMatchObject({ ok: false, problem: { code: 'state-damaged' } });
    expect(await changeState(dir.path, CODEX, (before) => (before.ok ? null : state('W0-02')))).toMatchObject({
      ok: true,
    });
    expect(readState(dir.path, CODEX)).toMatchObject({ value: { current_window: 'W0-02' } });
  });

  test('a folder in its place', () => {
    using dir = tempDir();
    mkdirSync(stateFile(dir.path, CODEX), { recursive: true });
    expect(readState(dir.path, CODEX)).toMatchObject({ ok: false, problem: { code: 'state-damaged' } });
  });
});

test('what an earlier writer left out is not known; what it added stays', () => {
  using dir = tempDir();
  keep(
    stateFile(dir.path, CODEX),
    '{"provider":"codex","current_window":"W0-03","updated_at":"2025-10-19T12:00:00+00:00","x":1}',
  );
  expect(readState(dir.path, CODEX)).toEqual({
    ok: true,
    value: {
      ...{ provider: 'codex', current_window: 'W0-03', last_phase: null, baseline_prompts: null, x: 1 },
      updated_at: '2025-10-19T12:00:00+00:00',
    },
  });
});

test('a name that would lead out of the folder is refused', () => {
  using dir = tempDir();
  for (const name of ['', '.', '..', '../x', 'a/b', '.hidden', 'a\0b', 'x'.repeat(101)]) {
    expect([name, isStateName(name)]).toEqual([name, false]);
    if (name !== '') expect(() => stateFile(dir.path, { provider: 'codex', agentId: name })).toThrow(RangeError);
  }
});

test('changes at the same time follow one another', async () => {
  using dir = tempDir();
  await changeState(dir.path, CODEX, () => ({ ...state('W'), baseline_prompts: 0 }));
  const more = (): Promise<unknown> =>
    changeState(dir.path, CODEX, (before) =>
      before.ok ? { ...before.value, baseline_prompts: (before.value.baseline_prompts ?? 0) + 1 } : null,
    );
  await Promise.all(Array.from({ length: 12 }, more));
  expect(readState(dir.path, CODEX)).toMatchObject({ value: { baseline_prompts: 12 } });
});

test('a folder that cannot be made is a problem', async () => {
  using dir = tempDir();
  writeFileSync(join(dir.path, 'state'), '');
  expect(await changeState(dir.path, CODEX, () => state('W'))).toMatchObject({
    ok: false,
    problem: { code: 'journal-unwritable' },
  });
});
