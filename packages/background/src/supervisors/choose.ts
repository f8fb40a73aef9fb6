import { BackgroundError } from '../background-error.ts';
import type { Host } from '../host.ts';
import { launchd } from './launchd.ts';
import type { Supervisor, SupervisorKind, SupervisorOf } from './supervisor.ts';
import { systemd } from './systemd.ts';
import { windows } from './windows.ts';

export const SUPERVISORS: Readonly<Record<SupervisorKind, SupervisorOf>> = { systemd, launchd, windows };

const OF_PLATFORM: Readonly<Partial<Record<NodeJS.Platform, SupervisorKind>>> = {
  linux: 'systemd',
  darwin: 'launchd',
  win32: 'windows',
};

/** The kind that fits the platform; null: none does. */
export function kindOf(host: Host): SupervisorKind | null {
  return OF_PLATFORM[host.platform] ?? null;
}

/** The supervisor of this machine's kind, usable or not; null: the platform has none we know. */
export function supervisorOf(name: string, host: Host): Supervisor | null {
  const kind = kindOf(host);
  return kind === null ? null : SUPERVISORS[kind](name, host);
}

/** The supervisor, or why none can be used and what to do instead. */
export function usableSupervisor(name: string, command: string, host: Host): Supervisor {
  const supervisor = supervisorOf(name, host);
  const why = supervisor === null ? `${host.platform} has none that is known here` : supervisor.unusable();
  if (supervisor === null || why !== null)
    throw new BackgroundError(`no service manager can be used (${why})`, `run ${command} start --detach instead`);
  return supervisor;
}
