import type { ServiceSpec } from '../background-program.ts';

/**
 * A systemd user unit (systemd.service(5), systemd.exec(5)). The hardening is what a user manager can do by seccomp and
 * prctl alone: file system namespaces need user namespaces there, and where those are off the unit would not start.
 * MemoryDenyWriteExecute is out: V8 compiles at run time.
 */
export function systemdUnit(spec: ServiceSpec): string {
  const lines = [
    '[Unit]',
    `Description=${escapeSpecifiers(spec.title)}`,
    '# Five starts within a minute that all fail: it stays down, and `service status` says so.',
    'StartLimitIntervalSec=60',
    'StartLimitBurst=5',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${spec.argv.map(quoted).join(' ')}`,
    ...Object.entries(spec.env).map(([name, value]) => `Environment=${assignment(name, value)}`),
    'Restart=on-failure',
    'RestartSec=1',
    'KillSignal=SIGTERM',
    `TimeoutStopSec=${Math.ceil(spec.stopWithinMs / 1000) + 5}`,
    `StandardOutput=append:${escapeSpecifiers(spec.logFile)}`,
    `StandardError=append:${escapeSpecifiers(spec.logFile)}`,
    'UMask=0077',
    'NoNewPrivileges=yes',
    'LockPersonality=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'RestrictNamespaces=yes',
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service',
    'SystemCallErrorNumber=EPERM',
    '',
    '[Install]',
    'WantedBy=default.target',
  ];
  return `${lines.join('\n')}\n`;
}

/** One word of a command line: quotes and backslashes as in C, `%` and `$` doubled so that they mean themselves. */
function quoted(word: string): string {
  const escaped = escapeSpecifiers(word).replaceAll('$', '$$$$');
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(escaped) ? escaped : `"${escapeC(escaped)}"`;
}

/** `Environment=` knows specifiers and quotes, but no variables. */
function assignment(name: string, value: string): string {
  return `"${escapeC(escapeSpecifiers(`${name}=${value}`))}"`;
}

function escapeSpecifiers(text: string): string {
  return text.replaceAll('%', '%%');
}

function escapeC(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}
