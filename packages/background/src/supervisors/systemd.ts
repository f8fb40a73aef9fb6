import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../host.ts';
import { systemdUnit } from '../units/systemd-unit.ts';
import { fieldsOf, runTool } from './run-tool.ts';
import type { ServiceState, Supervisor } from './supervisor.ts';

const REMEDY = 'journalctl --user -e says more; systemctl --user status shows the manager';

/** The user's own systemd. */
export function systemd(name: string, host: Host): Supervisor {
  const unit = `${name}.service`;
  const file = join(host.env['XDG_CONFIG_HOME'] || join(host.home, '.config'), 'systemd', 'user', unit);
  const mark = `# Written by "service install" for ${name}.`;
  const isOurs = (text: string): boolean => text.startsWith(mark);
  const systemctl = (...args: string[]): void => void runTool(host, 'systemctl', ['--user', ...args], REMEDY);
  return {
    kind: 'systemd',
    file,
    text: (spec) => ({ text: `${mark} "service uninstall" takes it away.\n${systemdUnit(spec)}`, encoding: 'utf8' }),
    isOurs,
    unusable: () => {
      const { code, err } = host.run('systemctl', ['--user', 'show-environment']);
      return code === 0 ? null : err.trim().split('\n')[0] || 'systemctl --user does not answer';
    },
    enable: () => {
      systemctl('daemon-reload');
      systemctl('enable', unit);
      // restart, not start: a service that runs already takes over what changed.
      systemctl('restart', unit);
      const linger = host.run('loginctl', ['enable-linger']);
      return linger.code === 0 ? [] : ['it ends with your last session: "loginctl enable-linger" as an administrator'];
    },
    disable: () => systemctl('disable', '--now', unit),
    forget: () => {
      systemctl('daemon-reload');
      host.run('systemctl', ['--user', 'reset-failed', unit]);
    },
    state: () => stateOf(unit, file, isOurs, host),
    start: () => systemctl('start', unit),
    stop: () => systemctl('stop', unit),
    restart: () => systemctl('restart', unit),
  };
}

function stateOf(unit: string, file: string, isOurs: (text: string) => boolean, host: Host): ServiceState {
  const installed = existsSync(file) && isOurs(readFileSync(file, 'utf8'));
  const shown = host.run('systemctl', [
    '--user',
    'show',
    unit,
    '--property=ActiveState,SubState,Result,MainPID,NRestarts',
  ]);
  const fields = fieldsOf(shown.out);
  const active = fields.get('ActiveState') ?? 'unknown';
  const result = fields.get('Result') ?? 'success';
  const pid = Number(fields.get('MainPID') ?? 0);
  const linger = host.run('loginctl', ['show-user', '--property=Linger']);
  return {
    supervisor: 'systemd',
    file,
    installed,
    active: active === 'active',
    pid: pid > 0 ? pid : null,
    restarts: fields.has('NRestarts') ? Number(fields.get('NRestarts')) : null,
    detail: shown.code === 0 ? `${active} (${result === 'success' ? fields.get('SubState') : result})` : 'not known',
    survives_logout: linger.code === 0 ? linger.out.includes('Linger=yes') : null,
  };
}
