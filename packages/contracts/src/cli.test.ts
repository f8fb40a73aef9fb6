import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { schemaNames } from './index.ts';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const SCHEMAS = join(PACKAGE, 'schemas', 'v1');
const FIXTURES = fileURLToPath(new URL('../../../fixtures/contracts/v1/', import.meta.url));

let temp: string;

beforeEach(() => (temp = mkdtempSync(join(tmpdir(), 'contracts-'))));
afterEach(() => rmSync(temp, { recursive: true, force: true }));

function contracts(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const cli = join(PACKAGE, 'dist', 'cli.js');
  return spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', cwd: temp });
}

function copyWith(file: string, from: string, to: string): string {
  const dir = join(temp, 'changed');
  cpSync(SCHEMAS, dir, { recursive: true });
  const path = join(dir, file);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replaceAll(from, to));
  return dir;
}

function textFile(name: string, text: string): string {
  const path = join(temp, name);
  writeFileSync(path, text);
  return path;
}

describe('contracts check', () => {
  it('passes for what is published, wherever it is started', () => {
    expect(contracts('check')).toMatchObject({
      status: 0,
      stdout: `${schemaNames.length} schemas compared: nothing breaks\n`,
      stderr: '',
    });
  });

  it('exits 1 and names schema, pointer, change and remedy', () => {
    const changed = copyWith('usage.schema.json', '"rolling_pct"', '"rolling_fraction"');
    const { status, stdout } = contracts('check', '--schemas', changed);
    expect(status).toBe(1);
    expect(stdout).toContain(
      'usage /$defs/model/properties/rolling_pct: field rolling_pct was removed\n  remedy: keep',
    );
    expect(stdout).toContain('usage /$defs/model: field rolling_fraction became required\n  remedy: leave');
    const json = JSON.parse(contracts('check', '--schemas', changed, '--json').stdout) as {
      ok: boolean;
      changes: object[];
    };
    expect(json).toMatchObject({ ok: false, compared: schemaNames.length, added: [] });
    expect(json.changes).toHaveLength(3);
  });

  it('reports a missing schema and mentions a new one', () => {
    const changed = copyWith('error.schema.json', 'urn:ccp:v1:error', 'urn:ccp:v1:failure');
    cpSync(join(changed, 'error.schema.json'), join(changed, 'failure.schema.json'));
    rmSync(join(changed, 'error.schema.json'));
    const { status, stdout } = contracts('check', '--schemas', changed);
    expect(status).toBe(1);
    expect(stdout).toContain('error /: schema error was removed');
    expect(stdout).toContain('failure: new since the release');
  });

  it.each([
    ['a missing folder', ['check', '--released', 'nowhere'], /cannot read the folder nowhere/],
    ['a folder without schemas', ['check', '--schemas', '.'], /holds no \*\.schema\.json file/],
    ['an unknown option', ['check', '--relased', '.'], /unknown option '--relased'/],
    ['an unknown command', ['compare'], /unknown command/],
    ['an unknown schema', ['validate', 'usages', 'x.json'], /no schema is called usages; use one of: .*anomaly, /],
    ['a missing file', ['validate', 'usage', 'x.json'], /cannot read x\.json \(ENOENT\)/],
  ])('exits 2 for %s', (_name, args, message) => {
    const { status, stderr, stdout } = contracts(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('exits 2 for a schema that is not JSON, and names the file', () => {
    const changed = copyWith('error.schema.json', '{', '');
    const { status, stderr } = contracts('check', '--schemas', changed);
    expect(status).toBe(2);
    expect(stderr).toMatch(/error\.schema\.json: not valid JSON/);
  });
});

describe('contracts release', () => {
  it('copies the bytes, into a new folder and over an older release', () => {
    const to = join(temp, 'released');
    expect(contracts('release', '--released', to).status).toBe(0);
    for (const file of readdirSync(SCHEMAS)) {
      expect(readFileSync(join(to, file))).toEqual(readFileSync(join(SCHEMAS, file)));
    }
    const changed = copyWith('error.schema.json', '"request_id": {', '"hint": { "type": "string" },\n"request_id": {');
    expect(contracts('release', '--released', to, '--schemas', changed).status).toBe(0);
    expect(readFileSync(join(to, 'error.schema.json'), 'utf8')).toContain('"hint"');
  });

  it('refuses what breaks and leaves the release as it was', () => {
    const to = join(temp, 'released');
    contracts('release', '--released', to);
    const before = readFileSync(join(to, 'usage.schema.json'), 'utf8');
    const changed = copyWith('usage.schema.json', '"weekly_pct"', '"week_pct"');
    const { status, stdout, stderr } = contracts('release', '--released', to, '--schemas', changed);
    expect(status).toBe(1);
    expect(stdout).toContain('weekly_pct was removed');
    expect(stderr).toContain('nothing was released');
    expect(readFileSync(join(to, 'usage.schema.json'), 'utf8')).toBe(before);
  });

  it('refuses to overwrite a release it cannot read', () => {
    const to = join(temp, 'released');
    contracts('release', '--released', to);
    writeFileSync(join(to, 'usage.schema.json'), 'torn');
    expect(contracts('release', '--released', to).status).toBe(2);
    expect(readFileSync(join(to, 'usage.schema.json'), 'utf8')).toBe('torn');
  });
});

describe('contracts validate', () => {
  it('passes a document that follows its contract', () => {
    const file = join(FIXTURES, 'valid', 'usage', 'r35-two-models.json');
    const { status, stdout } = contracts('validate', 'usage', file);
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${file}: 1 of 1 documents follow usage\n` });
  });

  it('names file, line and pointer of every problem in a JSON Lines file', () => {
    const good = readFileSync(join(FIXTURES, 'valid', 'usage-event', 'completion.json'), 'utf8').replaceAll('\n', '');
    const file = textFile(
      'usage.jsonl',
      `${good}\n\n{"ts":1,"rid":"a","lane":"b","model":"c","status":"200"}\n${good}\n`,
    );
    expect(contracts('validate', 'usage-event', file)).toMatchObject({
      status: 1,
      stdout: `${file}:3: /status must be integer\n`,
    });
    expect(JSON.parse(contracts('validate', 'usage-event', file, '--json').stdout)).toEqual({
      ok: false,
      documents: 3,
      problems: [{ line: 3, path: '/status', reason: 'must be integer' }],
    });
  });

  it('exits 2 for a torn line, names it and does not quote it', () => {
    const file = textFile('usage.jsonl', '{"a":1}\n{"secret":"sk-\n');
    const { status, stderr } = contracts('validate', 'usage-event', file);
    expect(status).toBe(2);
    expect(stderr).toContain(`${file}:2: not valid JSON`);
    expect(stderr).not.toContain('secret');
  });

  it('prints help with exit code 0', () => {
    for (const args of [['--help'], ['check', '--help'], ['release', '--help'], ['validate', '--help']]) {
      const { status, stdout } = contracts(...args);
      expect(status).toBe(0);
      expect(stdout).toContain('Usage: contracts');
    }
    expect(existsSync(join(temp, 'released'))).toBe(false);
  });
});
