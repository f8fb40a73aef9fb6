import { Option, type Command } from 'commander';
import { addressOf, withAddress, type AddressFlags } from './link/address.ts';
import { answering, operatorCommand } from './operator-command.ts';
import { printJson } from './text/terminal.ts';

const SHELLS = ['sh', 'fish', 'powershell'] as const;
type Shell = (typeof SHELLS)[number];

interface Flags extends AddressFlags {
  readonly shell?: Shell;
  readonly unset?: true;
  readonly json?: true;
}

/** `shim env`: the variables that lead a client here, for `eval "$(shim env)"`. */
export function envCommand(): Command {
  return withAddress(operatorCommand('env', 'print the variables that lead Claude Code here: eval "$(shim env)"'))
    .addOption(new Option('--shell <shell>', 'for which shell (default: that of SHELL, else sh)').choices([...SHELLS]))
    .option('--unset', 'print what takes them back')
    .option('--json', 'print them as JSON; a key as the file it stands in')
    .action((flags: Flags) => answering(() => printEnv(flags)));
}

function printEnv(flags: Flags): 0 {
  const { url, keyFile } = addressOf(flags, process.env);
  if (flags.json) {
    printJson({
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_CUSTOM_HEADERS: keyFile === null ? null : { x_ccp_key_file: keyFile },
    });
    return 0;
  }
  const write = WRITERS[flags.shell ?? shellOf(process.env['SHELL'])];
  const names = ['ANTHROPIC_BASE_URL', ...(keyFile === null ? [] : ['ANTHROPIC_CUSTOM_HEADERS'])];
  const lines =
    flags.unset === true
      ? names.map((name) => write.unset(name))
      : [write.set('ANTHROPIC_BASE_URL', url), ...(keyFile === null ? [] : [write.key(keyFile)])];
  // Codex speaks another API, which the shim does not route; its meters come from its own records.
  process.stdout.write(`${[...lines, '# Codex is not routed: `tracker` reads its rollouts instead'].join('\n')}\n`);
  return 0;
}

interface Writer {
  set(name: string, value: string): string;
  /** The header with the key, read from its file when the line runs: it is never printed. */
  key(file: string): string;
  unset(name: string): string;
}

const WRITERS: Readonly<Record<Shell, Writer>> = {
  sh: {
    set: (name, value) => `export ${name}=${quoted(value)}`,
    key: (file) => `export ANTHROPIC_CUSTOM_HEADERS="x-ccp-key: $(cat ${quoted(file)})"`,
    unset: (name) => `unset ${name}`,
  },
  fish: {
    set: (name, value) => `set -gx ${name} ${fishQuoted(value)}`,
    key: (file) => `set -gx ANTHROPIC_CUSTOM_HEADERS "x-ccp-key: "(cat ${fishQuoted(file)})`,
    unset: (name) => `set -e ${name}`,
  },
  powershell: {
    set: (name, value) => `$env:${name} = '${value.replaceAll("'", "''")}'`,
    key: (file) =>
      `$env:ANTHROPIC_CUSTOM_HEADERS = 'x-ccp-key: ' + (Get-Content -Raw '${file.replaceAll("'", "''")}').Trim()`,
    unset: (name) => `Remove-Item Env:${name} -ErrorAction SilentlyContinue`,
  },
};

function shellOf(path: string | undefined): Shell {
  if (path === undefined) return process.platform === 'win32' ? 'powershell' : 'sh';
  return path.endsWith('fish') ? 'fish' : 'sh';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
