import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../host.ts';
import { windowsTask } from '../units/windows-task.ts';
import { runTool } from './run-tool.ts';
import type { ServiceState, Supervisor } from './supervisor.ts';

const REMEDY = 'taskschd.msc shows the task and why it did not run';

/** A task of the user who is logged in. */
export function windows(name: string, host: Host): Supervisor {
  const file = join(host.env['LOCALAPPDATA'] || join(host.home, 'AppData', 'Local'), 'ccp', `${name}.xml`);
  const mark = `<!-- ${name} -->`;
  const isOurs = (text: string): boolean => text.includes(mark);
  const schtasks = (...args: string[]): void => void runTool(host, 'schtasks', args, REMEDY);
  const isRunning = (): boolean => stateOf(name, file, isOurs, host).active;
  const stop = (): void => {
    if (isRunning()) schtasks('/End', '/TN', name);
  };
  return {
    kind: 'windows',
    file,
    text: (spec) => ({ text: `${windowsTask(spec)}${mark}\r\n`, encoding: 'utf16le' }),
    isOurs,
    unusable: () =>
      host.run('schtasks', ['/Query', '/FO', 'CSV', '/NH']).code === 0 ? null : 'schtasks does not answer',
    enable: () => {
      schtasks('/Create', '/TN', name, '/XML', file, '/F');
      schtasks('/Run', '/TN', name);
      return ['it ends at logout and starts again at logon; after a failure it starts again within a minute'];
    },
    disable: () => {
      stop();
      schtasks('/Delete', '/TN', name, '/F');
    },
    forget: () => undefined,
    state: () => stateOf(name, file, isOurs, host),
    start: () => schtasks('/Run', '/TN', name),
    stop,
    restart: () => {
      stop();
      schtasks('/Run', '/TN', name);
    },
  };
}

/** The words of schtasks are translated; the number of the state in its XML is not, and PowerShell tells it. */
function stateOf(name: string, file: string, isOurs: (text: string) => boolean, host: Host): ServiceState {
  const query = host.run('powershell', [
    '-NoProfile',
    '-Command',
    `[int](Get-ScheduledTask -TaskName '${name}').State`,
  ]);
  const state = query.code === 0 ? Number(query.out.trim()) : null;
  return {
    supervisor: 'windows',
    file,
    installed: existsSync(file) && isOurs(readFileSync(file, 'utf16le')),
    active: state === 4,
    pid: null,
    restarts: null,
    detail: state === null ? 'not registered' : (STATES[state] ?? 'unknown'),
    survives_logout: false,
  };
}

const STATES = ['unknown', 'disabled', 'queued', 'ready', 'running'];
