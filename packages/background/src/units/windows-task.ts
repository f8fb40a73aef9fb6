import { BackgroundError } from '../background-error.ts';
import type { ServiceSpec } from '../background-program.ts';
import { xmlText } from './launchd-plist.ts';

/**
 * A task of the Windows Task Scheduler (schema 1.2), to be saved as UTF-16: started at logon, started again a minute
 * after a failure (the scheduler knows no shorter time). cmd carries the variables and the log, which tasks can't.
 */
export function windowsTask(spec: ServiceSpec): string {
  const set = Object.entries(spec.env).map(([name, value]) => `set "${name}=${plain(value)}" && `);
  const command = spec.argv.map(quoted).join(' ');
  // With /s cmd takes off the outer quotes and nothing else.
  const line = `/d /s /c "${set.join('')}${command} >> ${quoted(spec.logFile)} 2>&1"`;
  return [
    '<?xml version="1.0" encoding="UTF-16"?>',
    '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">',
    '  <RegistrationInfo>',
    `    <Description>${xmlText(spec.title)}</Description>`,
    '  </RegistrationInfo>',
    '  <Triggers>',
    '    <LogonTrigger>',
    '      <Enabled>true</Enabled>',
    '    </LogonTrigger>',
    '  </Triggers>',
    '  <Principals>',
    '    <Principal id="Author">',
    '      <LogonType>InteractiveToken</LogonType>',
    '      <RunLevel>LeastPrivilege</RunLevel>',
    '    </Principal>',
    '  </Principals>',
    '  <Settings>',
    '    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>',
    '    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>',
    '    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>',
    '    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>',
    '    <Hidden>true</Hidden>',
    '    <RestartOnFailure>',
    '      <Interval>PT1M</Interval>',
    '      <Count>255</Count>',
    '    </RestartOnFailure>',
    '  </Settings>',
    '  <Actions Context="Author">',
    '    <Exec>',
    '      <Command>%SystemRoot%\\System32\\cmd.exe</Command>',
    `      <Arguments>${xmlText(line)}</Arguments>`,
    '    </Exec>',
    '  </Actions>',
    '</Task>',
    '',
  ].join('\r\n');
}

/** For CommandLineToArgvW behind cmd: quoted always, backslashes before a quote doubled. */
function quoted(word: string): string {
  return `"${plain(word)
    .replaceAll(/(\\*)"/g, '$1$1\\"')
    .replaceAll(/(\\+)$/g, '$1$1')}"`;
}

/** cmd puts variables in place of `%NAME%` also within quotes, and a line of it can't escape that. */
function plain(text: string): string {
  if (!/[%"\r\n]/.test(text)) return text;
  throw new BackgroundError(
    `"${text}" can't be handed to a task: cmd would read its % or " or line end`,
    'use a path or value without them',
  );
}
