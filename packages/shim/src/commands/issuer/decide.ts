import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { askIssuer, issuerUrl } from '../license/ask-issuer.ts';
import { answering, OperatorError, operatorCommand } from '../operator-command.ts';
import { table, type Column } from '../text/table.ts';
import { paperOf, print, printJson } from '../text/terminal.ts';
import { folderOf, withFolder, type FolderFlags } from './folder.ts';

interface Flags extends FolderFlags {
  readonly url: string;
  readonly json?: true;
}

const URL_HELP = 'where the issuer listens';
const DEFAULT_URL = 'http://127.0.0.1:8787';

/** `shim issuer pending`: devices that wait for somebody's word. */
export function pendingCommand(): Command {
  return withFolder(operatorCommand('pending', 'list the devices that wait'))
    .option('--url <url>', URL_HELP, DEFAULT_URL)
    .option('--json', 'print them as JSON')
    .action((flags: Flags) => answering(() => pending(flags)));
}

/** `shim issuer approve` and `deny`. */
export function decideCommand(verb: 'approve' | 'deny', description: string): Command {
  return withFolder(operatorCommand(verb, description))
    .argument('<code>', 'the code the device shows')
    .option('--url <url>', URL_HELP, DEFAULT_URL)
    .option('--json', 'print the device as JSON')
    .action((code: string, flags: Flags) => answering(() => decide(verb, code, flags)));
}

interface Row {
  readonly user_code: string;
  readonly status: string;
  readonly sub: string;
  readonly plan: string;
  readonly features: readonly string[];
  readonly device: string | null;
}

async function pending(flags: Flags): Promise<0> {
  const { devices } = (await asOperator(flags, '/v1/device/pending', null)) as { devices: Row[] };
  if (flags.json) printJson({ devices });
  else if (devices.length === 0) print([[{ text: 'no device waits' }]]);
  else print(table(COLUMNS, devices, paperOf(process.stdout, process.env).width));
  return 0;
}

async function decide(verb: 'approve' | 'deny', code: string, flags: Flags): Promise<0> {
  const row = (await asOperator(flags, `/v1/device/${verb}`, { user_code: code })) as Row;
  if (flags.json) printJson(row);
  else print([[{ text: `${row.user_code} ${row.status}: ${row.sub}, ${row.plan} with ${row.features.join(', ')}` }]]);
  return 0;
}

async function asOperator(flags: Flags, path: string, body: object | null): Promise<unknown> {
  const { adminKey: file } = folderOf(flags);
  let key: string;
  try {
    key = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(`${file} can't be read (${code ?? 'error'})`, "give the issuer's folder: --dir DIR");
  }
  const reply = await askIssuer(issuerUrl(flags.url), path, { body, key });
  if (reply.status === 200) return reply.json;
  throw new OperatorError(`the issuer refuses (${reply.status})`, reply.text.trim() || 'nothing more was said');
}

const COLUMNS: readonly Column<Row>[] = [
  { head: 'CODE', cell: ({ user_code: code }) => ({ text: code, tone: 'bold' }), rank: 0 },
  { head: 'STATE', cell: ({ status }) => ({ text: status }), rank: 1 },
  { head: 'FOR', cell: ({ sub }) => ({ text: sub }), rank: 2 },
  { head: 'PLAN', cell: ({ plan }) => ({ text: plan }), rank: 3 },
  { head: 'FEATURES', cell: ({ features }) => ({ text: features.join(',') }), rank: 4 },
  { head: 'DEVICE', cell: ({ device }) => ({ text: device ?? 'any' }), rank: 5 },
];
