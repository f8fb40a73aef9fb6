import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../host.ts';
import { launchdLabel, launchdPlist } from '../units/launchd-plist.ts';
import { runTool } from './run-tool.ts';
import type { ServiceState, Supervisor } from './supervisor.ts';

const REMEDY = 'launchctl print gui/$(id -u) lists what is loaded';

/** The agents of the user who is logged in at the screen. */
export function launchd(name: string, host: Host): Supervisor {
  const label = launchdLabel(name);
  const domain = `gui/${host.uid ?? 0}`;
  const target = `${domain}/${label}`;
  const file = join(host.home, 'Library', 'LaunchAgents', `${label}.plist`);
  const isOurs = (text: string): boolean => text.includes(`<string>${label}</string>`);
  const launchctl = (...args: string[]): void => void runTool(host, 'launchctl', args, REMEDY);
  const isLoaded = (): boolean => host.run('launchctl', ['print', target]).code === 0;
  const unload = (): void => {
    if (isLoaded()) launchctl('bootout', target);
  };
  return {
    kind: 'launchd',
    file,
    text: (spec) => ({ text: launchdPlist(spec), encoding: 'utf8' }),
    isOurs,
    unusable: () =>
      host.run('launchctl', ['print', domain]).code === 0 ? null : `no session at the screen (${domain})`,
    enable: () => {
      unload();
      launchctl('enable', target);
      launchctl('bootstrap', domain, file);
      return ['it ends at logout and starts again at login: agents of launchd do'];
    },
    disable: unload,
    forget: () => undefined,
    state: () => stateOf(target, file, isOurs, host),
    start: () => (isLoaded() ? launchctl('kickstart', target) : launchctl('bootstrap', domain, file)),
    // Booted out: a killed agent that has KeepAlive would come back.
    stop: unload,
    restart: () => (isLoaded() ? launchctl('kickstart', '-k', target) : launchctl('bootstrap', domain, file)),
  };
}

function stateOf(target: string, file: string, isOurs: (text: string) => boolean, host: Host): ServiceState {
  const shown = host.run('launchctl', ['print', target]);
  const field = (name: RegExp): string | undefined => name.exec(shown.out)?.[1];
  const pid = field(/^\s*pid = (\d+)/m);
  const runs = field(/^\s*runs = (\d+)/m);
  return {
    supervisor: 'launchd',
    file,
    installed: existsSync(file) && isOurs(readFileSync(file, 'utf8')),
    active: pid !== undefined,
    pid: pid === undefined ? null : Number(pid),
    restarts: runs === undefined ? null : Math.max(0, Number(runs) - 1),
    detail: shown.code === 0 ? (field(/^\s*state = (.+)$/m) ?? 'loaded') : 'not loaded',
    survives_logout: false,
  };
}
