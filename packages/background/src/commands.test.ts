import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backgroundCommands } from './commands.ts';
import { detachedOf } from './detached.ts';
import type { Host } from './host.ts';
import { isRunning } from './pid-file.ts';
import { sleeper } from './testing/sleeper.ts';
import { standIn } from './testing/stand-in.ts';

/** No service manager: what is left is the pidfile. */
const NOWHERE: Host = {
  platform: 'aix',
  env: {},
  home: '/nowhere',
  uid: 1,
  run: () => ({ code: 1, out: '', err: '' }),
};

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sleeper-'))));
afterEach(async () => {
  const left = detachedOf(sleeper(folder), folder);
  if (left !== null) process.kill(left.pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Said {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** One command line, in this process. */
async function type(line: string, host: Host = NOWHERE): Promise<Said> {
  const said = { out: '', err: '' };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((said.out += String(text)), true));
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((said.err += String(text)), true));
  try {
    const program = new Command('sleeper');
    for (const command of backgroundCommands(sleeper(folder), () => undefined, host)) program.addCommand(command);
    await program.parseAsync(line.split(' '), { from: 'user' });
    return { ...said, code: Number(process.exitCode ?? 0) };
  } finally {
    process.exitCode = undefined;
    out.mockRestore();
    err.mockRestore();
  }
}

describe('in the background with a pidfile', () => {
  it('starts once, is seen, starts again as it was, and stops', async () => {
    expect(await type('service status')).toMatchObject({ code: 3, out: expect.stringContaining('does not run') });
    const started = await type('start --detach --how well');
    expect(started).toMatchObject({ code: 0, err: '' });
    const first = detachedOf(sleeper(folder), folder);
    expect(started.out).toContain(`pid ${first?.pid}`);
    expect(await type('start --detach')).toMatchObject({ code: 0, out: expect.stringContaining('runs already') });
    expect(JSON.parse((await type('service status --json')).out)).toMatchObject({
      running: true,
      detached: { pid: first?.pid },
    });
    expect(await type('restart')).toMatchObject({ code: 0 });
    const second = detachedOf(sleeper(folder), folder);
    expect(second?.pid).not.toBe(first?.pid);
    expect(second?.argv).toEqual(first?.argv);
    expect((await type('service logs -n 1')).out).toBe('ready well\n');
    expect(await type('stop')).toMatchObject({ code: 0, out: `sleeper is stopped (pid ${second?.pid})\n` });
    expect(second !== null && isRunning(second)).toBe(false);
    expect(existsSync(join(folder, 'ccp-sleeper.pid'))).toBe(false);
    expect(await type('stop')).toMatchObject({ code: 0, out: 'sleeper does not run\n' });
    expect(await type('restart')).toMatchObject({ code: 1, err: expect.stringContaining('start --detach') });
  });

  it('makes one process of starts at the same time', async () => {
    const program = sleeper(folder);
    const { startDetached } = await import('./detached.ts');
    const plan = program.plan({ how: 'well' });
    const starts = await Promise.allSettled(Array.from({ length: 8 }, () => startDetached(program, plan)));
    const made = starts.filter(({ status }) => status === 'fulfilled');
    expect(made).toHaveLength(1);
    for (const one of starts)
      if (one.status === 'rejected') expect(String(one.reason)).toMatch(/held by another start/);
    expect(readFileSync(join(folder, 'ccp-sleeper.log'), 'utf8').match(/^ready/gm)).toHaveLength(1);
  });

  it('tells the end of the log when the program fails, and leaves no pidfile', async () => {
    const failed = await type('start --detach --how fails');
    expect(failed.code).toBe(1);
    expect(failed.err).toMatch(/ended before it was ready \(exit 7\): no port is free/);
    expect(existsSync(join(folder, 'ccp-sleeper.pid'))).toBe(false);
  });

  it('is not misled by a pidfile whose number now belongs to another process', async () => {
    await type('start --detach');
    const file = join(folder, 'ccp-sleeper.pid');
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { pid: number };
    process.kill(kept.pid, 'SIGKILL');
    await vi.waitFor(() => expect(detachedOf(sleeper(folder), folder)).toBeNull());
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      writeFileSync(file, JSON.stringify({ ...kept, pid: other.pid }));
      expect(await type('stop')).toMatchObject({ out: 'sleeper does not run\n' });
      expect(other.exitCode).toBeNull();
      expect(other.signalCode).toBeNull();
    } finally {
      other.kill('SIGKILL');
    }
  });

  it.each(['', 'null', '{"pid":"x"}', '\0\0'])('counts a damaged pidfile (%j) as none', async (text) => {
    writeFileSync(join(folder, 'ccp-sleeper.pid'), text);
    expect(await type('service status')).toMatchObject({ code: 3 });
    expect(await type('start --detach')).toMatchObject({ code: 0 });
  });

  it('ends a program that does not listen only when it is told to', async () => {
    await type('start --detach --how deaf');
    const refused = await type('stop');
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('--force') });
    expect(await type('stop --force')).toMatchObject({ code: 0 });
    expect(detachedOf(sleeper(folder), folder)).toBeNull();
  });
});

describe('as a service', () => {
  it('of systemd: writes the unit, enables it, and takes everything back', async () => {
    using machine = standIn('linux', ['systemctl', 'loginctl']);
    const file = join(machine.home, '.config/systemd/user/ccp-sleeper.service');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '[Unit]\nDescription=mine\n');
    machine.answers(
      'systemctl',
      'show',
      'ActiveState=active\nSubState=running\nResult=success\nMainPID=42\nNRestarts=3\n',
    );
    machine.answers('loginctl', 'enable-linger', '', 1);
    const installed = await type('service install --how well', machine.host);
    expect(installed).toMatchObject({ code: 0, err: '' });
    expect(installed.out).toContain('note    it ends with your last session');
    expect(readFileSync(file, 'utf8')).toContain('Environment="CCP_ODD=a \\"b\\" %%n $HOME"');
    expect(machine.calls().filter((call) => !call.includes('show'))).toEqual([
      'systemctl --user daemon-reload',
      'systemctl --user enable ccp-sleeper.service',
      'systemctl --user restart ccp-sleeper.service',
      'loginctl enable-linger',
    ]);
    expect(JSON.parse((await type('service status --json', machine.host)).out)).toMatchObject({
      running: true,
      service: { supervisor: 'systemd', active: true, pid: 42, restarts: 3, detail: 'active (running)' },
    });
    await type('stop', machine.host);
    await type('start --detach', machine.host);
    await type('restart', machine.host);
    expect(detachedOf(sleeper(folder), folder)).toBeNull();
    expect(await type('service uninstall', machine.host)).toMatchObject({
      code: 0,
      out: expect.stringContaining('the file it had replaced is back'),
    });
    expect(machine.calls()).toEqual(
      expect.arrayContaining([
        'systemctl --user stop ccp-sleeper.service',
        'systemctl --user restart ccp-sleeper.service',
        'systemctl --user disable --now ccp-sleeper.service',
      ]),
    );
    expect(readFileSync(file, 'utf8')).toBe('[Unit]\nDescription=mine\n');
  });

  it('of systemd without a user manager: refuses before it writes anything', async () => {
    using machine = standIn('linux', ['systemctl', 'loginctl']);
    machine.answers('systemctl', 'show-environment', '', 1);
    const refused = await type('service install', machine.host);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('sleeper start --detach instead') });
    expect(existsSync(join(machine.home, '.config/systemd/user/ccp-sleeper.service'))).toBe(false);
  });

  it('of launchd: boots the agent in and out', async () => {
    using machine = standIn('darwin', ['launchctl']);
    machine.answers('launchctl', 'print gui/501/local.ccp-sleeper', '', 113);
    expect(await type('service install', machine.host)).toMatchObject({ code: 0, err: '' });
    const file = join(machine.home, 'Library/LaunchAgents/local.ccp-sleeper.plist');
    expect(machine.calls()).toContain(`launchctl bootstrap gui/501 ${file}`);
    machine.answers('launchctl', 'print gui/501/local.ccp-sleeper', '\tstate = running\n\tpid = 77\n\truns = 2\n');
    expect(JSON.parse((await type('service status --json', machine.host)).out)).toMatchObject({
      running: true,
      service: { active: true, pid: 77, restarts: 1, detail: 'running' },
    });
    expect(await type('service uninstall', machine.host)).toMatchObject({ code: 0 });
    expect(machine.calls()).toContain('launchctl bootout gui/501/local.ccp-sleeper');
    expect(existsSync(file)).toBe(false);
  });

  it('of Windows: registers a task in UTF-16', async () => {
    using machine = standIn('win32', ['schtasks', 'powershell']);
    machine.answers('powershell', 'Get-ScheduledTask', '4\n');
    const program = new Command('sleeper');
    const { env: _odd, ...plain } = sleeper(folder).plan({ how: 'well' });
    const task = { ...sleeper(folder), plan: () => ({ ...plain, env: {} }) };
    for (const command of backgroundCommands(task, () => undefined, machine.host)) program.addCommand(command);
    const quiet = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await program.parseAsync(['service', 'install'], { from: 'user' });
    quiet.mockRestore();
    const file = join(machine.home, 'AppData/Local/ccp/ccp-sleeper.xml');
    expect(readFileSync(file).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xfe]));
    expect(machine.calls()).toContain(`schtasks /Create /TN ccp-sleeper /XML ${file} /F`);
    expect(JSON.parse((await type('service status --json', machine.host)).out)).toMatchObject({ running: true });
    await type('service uninstall', machine.host);
    expect(machine.calls()).toContain('schtasks /Delete /TN ccp-sleeper /F');
    expect(existsSync(file)).toBe(false);
  });

  it('tells the failing tool, its word and a remedy', async () => {
    using machine = standIn('linux', ['systemctl', 'loginctl']);
    machine.answers('systemctl', 'enable', 'Unit is masked.\n', 1);
    expect(await type('service install', machine.host)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/systemctl --user enable .* failed \(Unit is masked\.\): journalctl/),
    });
  });
});
