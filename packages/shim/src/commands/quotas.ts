import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ModelQuota, Quotas } from '@ccp/contracts';
import { addressOf, withAddress, type Address, type AddressFlags } from './link/address.ts';
import { askQuotas, askReload } from './link/ask-shim.ts';
import { answering, OperatorError, operatorCommand } from './operator-command.ts';
import { wrapWords, type Line } from './text/line.ts';
import { ABSENT, compact, countdown, wholePct } from './text/numbers.ts';
import { nameShown } from './text/printable.ts';
import { table, type Column } from './text/table.ts';
import { paperOf, print, printJson } from './text/terminal.ts';

interface Flags extends AddressFlags {
  readonly json?: true;
}

/** `shim quotas show` and `shim quotas reload`: the limits a running shim keeps. */
export function quotasCommand(): Command {
  const show = withAddress(operatorCommand('show', 'show the limits in use (also without a word after quotas)'))
    .option('--json', 'print the answer of the shim')
    .action((flags: Flags) => answering(() => present(addressOf(flags, process.env), flags)));
  const reload = withAddress(operatorCommand('reload', 'read quotas.json again, then show what is in use'))
    .argument('[file]', 'another file of the same folder')
    .option('--json', 'print the answer of the shim')
    .action((file: string | undefined, flags: Flags) => answering(() => reread(file, flags)));
  return operatorCommand('quotas', 'show or reload the limits a running shim keeps')
    .addCommand(show, { isDefault: true })
    .addCommand(reload);
}

async function reread(file: string | undefined, flags: Flags): Promise<0 | 1> {
  const address = addressOf(flags, process.env);
  const refusal = await askReload(address, file === undefined ? null : asNamed(file));
  if (refusal !== null) throw new OperatorError(`the shim at ${address.url} keeps the limits it has`, refusal);
  return present(address, flags);
}

/** A bare name is one of the folder the shim reads; a path begins where it was typed. */
function asNamed(file: string): string {
  return file.includes('/') ? resolve(file) : file;
}

async function present(address: Address, { json }: Flags): Promise<0> {
  const quotas = await askQuotas(address);
  if (json) printJson(quotas);
  else print(quotaLines(quotas, paperOf(process.stdout, process.env).width));
  return 0;
}

function quotaLines({ config, path, loaded, problems }: Quotas, width: number): Line[] {
  const { rolling_seconds: rolling, weekly_seconds: weekly } = config.windows ?? {};
  const limits = Object.entries(config.models).map(([model, limit]) => ({ ...limit, model }));
  return [
    [
      {
        text: path === '' ? 'no quota file: everything is counted, nothing is capped' : (path ?? ABSENT),
        tone: 'bold',
      },
    ],
    [{ text: `  loaded ${loaded ?? ABSENT}; windows ${countdown(rolling)} and ${countdown(weekly)}` }],
    ...(limits.length > 0 ? table(COLUMNS, limits, width) : [[{ text: '  no limits', tone: 'dim' } as const]]),
    ...(problems ?? []).flatMap(({ path: place, reason }) => wrapWords(`▲ ${place}: ${reason}`, width, 'warn')),
  ];
}

type Limit = ModelQuota & { readonly model: string };

const COLUMNS: readonly Column<Limit>[] = [
  {
    head: 'MODEL',
    cell: ({ model }) => ({ text: nameShown(model), tone: 'bold' }),
    cut: { to: 20, at: 'middle' },
    rank: 0,
  },
  { head: 'LANE', cell: ({ provider }) => ({ text: provider || 'every' }), cut: { to: 12, at: 'middle' }, rank: 2 },
  { head: 'ROLLING', cell: (limit) => ({ text: cap(limit.rolling_tokens, 'tokens') }), align: 'right', rank: 0 },
  { head: 'WEEKLY', cell: (limit) => ({ text: weeklyCap(limit) }), align: 'right', rank: 0 },
  { head: 'WARN AT', cell: ({ warn_pct: at }) => ({ text: wholePct(at || null) }), align: 'right', rank: 1 },
  { head: 'WEIGHTS in/out/write/read', cell: ({ weights }) => ({ text: weightsText(weights) }), rank: 3 },
  { head: 'RESERVE', cell: ({ reserve }) => ({ text: reserve ?? ABSENT }), rank: 5 },
  { head: 'WEEK ANCHOR', cell: (limit) => ({ text: anchorText(limit) }), rank: 4 },
];

function cap(value: number | null | undefined, unit: 'tokens' | 'hours'): string {
  if (value === undefined) return ABSENT;
  if (value === null || value === 0) return 'no cap';
  return unit === 'hours' ? `${value} h (shown only)` : compact(value);
}

function weeklyCap({ weekly_limit_value: value, weekly_limit_type: type }: ModelQuota): string {
  return cap(value, type ?? 'tokens');
}

function weightsText(weights: ModelQuota['weights']): string {
  if (weights === undefined) return ABSENT;
  const { input, output, cache_write: write, cache_read: read } = weights;
  return [input, output, write, read].map((weight) => weight ?? ABSENT).join('/');
}

/** Left out it means the provider's own reset, but only where the shim knows of anchors: then it tells `reserve` too. */
function anchorText({ anchor, reserve }: ModelQuota): string {
  if (anchor === null) return 'slides';
  return anchor ?? (reserve === undefined ? ABSENT : 'as the provider says');
}
