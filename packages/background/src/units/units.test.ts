import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServiceSpec } from '../background-program.ts';
import { launchdPlist } from './launchd-plist.ts';
import { systemdUnit } from './systemd-unit.ts';
import { windowsTask } from './windows-task.ts';
import { placeUnitFile, removeUnitFile } from './unit-file.ts';

const SPEC: ServiceSpec = {
  name: 'ccp-shim',
  title: 'Local router for coding agents (100 %)',
  argv: [process.execPath, '/opt/a b/main.js', 'serve', '--quotas', '/home/j/o"dd $HOME %h\\quotas.json'],
  env: { CCP_PORT: '8082', CCP_NOTE: 'a "b" %n $X' },
  logFile: '/home/j/.local/state/ccp/ccp-shim.log',
  stopWithinMs: 60_000,
};

function has(tool: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
}

function inFolder<T>(act: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'units-'));
  try {
    return act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('systemd unit', () => {
  it.skipIf(!has('systemd-analyze'))('has nothing systemd-analyze verify could complain about', () => {
    inFolder((folder) => {
      const file = join(folder, 'ccp-shim.service');
      writeFileSync(file, systemdUnit(SPEC));
      const { status, stdout, stderr } = spawnSync('systemd-analyze', ['--user', '--man=no', 'verify', file], {
        encoding: 'utf8',
        env: { ...process.env, XDG_RUNTIME_DIR: folder },
      });
      expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
    });
  });

  it('quotes words so that systemd reads them as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1 }), (words) => {
        const clean = words.map((word) =>
          word.replaceAll(/\p{Cc}/gu, (control) => ('\n\t'.includes(control) ? control : '')),
        );
        const line = /(?<=\nExecStart=)([^\n]*)/.exec(systemdUnit({ ...SPEC, argv: clean }))?.[1] ?? '';
        expect(readAsSystemd(line)).toEqual(clean.filter((word) => word !== '' || line.includes('""')));
      }),
    );
  });
});

/** The words of a command line as systemd.service(5) says: C quotes, `%%` and `$$`. */
function readAsSystemd(line: string): string[] {
  const words = [...line.matchAll(/"((?:[^"\\]|\\[^])*)"|([^\s"]+)/g)].map(([, quoted, plain]) =>
    quoted === undefined
      ? (plain ?? '')
      : quoted.replaceAll(/\\([^])/g, (_, letter: string) => ({ n: '\n', t: '\t' })[letter] ?? letter),
  );
  return words.map((word) => word.replaceAll('%%', '%').replaceAll('$$', '$'));
}

describe('launchd agent', () => {
  it.skipIf(!has('plistutil'))('is a property list with these words, whatever they hold', () => {
    inFolder((folder) => {
      const file = join(folder, 'agent.plist');
      writeFileSync(file, launchdPlist({ ...SPEC, argv: [...SPEC.argv, '<&>"\n'] }));
      // Through the binary form, so that what comes back was understood and not copied.
      const binary = spawnSync('plistutil', ['-i', file, '-f', 'bin', '-o', `${file}.bin`]);
      const { stdout } = spawnSync('plistutil', ['-i', `${file}.bin`, '-f', 'xml'], { encoding: 'utf8' });
      expect(binary.status).toBe(0);
      const words = [...stdout.matchAll(/<(?:string|integer|key)>([^<]*)<|<(true|false)\/>/g)].map(([, text, flag]) =>
        (text ?? flag ?? '')
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&quot;', '"')
          .replaceAll('&amp;', '&'),
      );
      const after = (key: string, count = 1): string[] => words.slice(words.indexOf(key) + 1).slice(0, count);
      expect(after('Label')).toEqual(['local.ccp-shim']);
      expect(after('ProgramArguments', 6)).toEqual([...SPEC.argv, '<&>"\n']);
      expect(after('EnvironmentVariables', 4)).toEqual(Object.entries(SPEC.env).flat());
      expect(after('SuccessfulExit')).toEqual(['false']);
      expect([...after('ThrottleInterval'), ...after('ExitTimeOut')]).toEqual(['5', '65']);
    });
  });
});

describe('Windows task', () => {
  const plain: ServiceSpec = { ...SPEC, argv: ['C:\\Program Files\\node.exe', 'C:\\a\\'], env: { CCP_PORT: '1' } };

  it('runs the program through cmd, which keeps the log', () => {
    const task = windowsTask(plain);
    const line = /<Arguments>(.*)<\/Arguments>/.exec(task)?.[1]?.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
    expect(line?.replaceAll('&gt;', '>')).toBe(
      '/d /s /c "set "CCP_PORT=1" && "C:\\Program Files\\node.exe" "C:\\a\\\\" >> "/home/j/.local/state/ccp/ccp-shim.log" 2>&1"',
    );
  });

  it('refuses words that cmd would read in its own way', () => {
    expect(() => windowsTask({ ...plain, argv: ['%PATH%'] })).toThrow(/cmd would read its %/);
  });
});

describe('placing a unit', () => {
  it('keeps a file of somebody else and puts it back', () => {
    inFolder((folder) => {
      const file = join(folder, 'deep', 'x.service');
      const isOurs = (text: string): boolean => text.startsWith('ours');
      mkdirSync(join(folder, 'deep'));
      writeFileSync(file, 'theirs');
      placeUnitFile(file, { text: 'ours 1', encoding: 'utf8' }, isOurs);
      placeUnitFile(file, { text: 'ours 2', encoding: 'utf8' }, isOurs);
      expect(readFileSync(file, 'utf8')).toBe('ours 2');
      expect(removeUnitFile(file, isOurs, 'utf8')).toBe(true);
      expect(readFileSync(file, 'utf8')).toBe('theirs');
      expect(removeUnitFile(file, isOurs, 'utf8')).toBe(false);
    });
  });

  it('names the file that cannot be written, and leaves nothing', () => {
    inFolder((folder) => {
      writeFileSync(join(folder, 'file'), '');
      const file = join(folder, 'file', 'x.service');
      expect(() => placeUnitFile(file, { text: '', encoding: 'utf8' }, () => true)).toThrow(
        /file\/x\.service can't be written \(E(NOTDIR|EXIST)\): check the folder/,
      );
      expect(existsSync(file)).toBe(false);
    });
  });
});
