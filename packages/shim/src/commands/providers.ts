import type { Command } from 'commander';
import type { Readyz } from '@ccp/contracts';
import type { Catalog, Lane, Route } from '../config/catalog.ts';
import { catalogOnDisk, ConfigError } from '../config/config-store.ts';
import { describeProblem } from '../config/config-problem.ts';
import { nowTs, settingsOf, withFiles, type FileFlags } from './config/settings-of.ts';
import { addressOf, withAddress, type AddressFlags } from './link/address.ts';
import { askReadyz } from './link/ask-shim.ts';
import { laneReadiness, type Readiness } from './link/lane-readiness.ts';
import { answering, OperatorError, operatorCommand } from './operator-command.ts';
import { credentialsOf, credentialText, type Credential } from './providers/credentials.ts';
import { wrapWords, type Line, type Span } from './text/line.ts';
import { ABSENT } from './text/numbers.ts';
import { table, type Column } from './text/table.ts';
import { paperOf, print, printJson } from './text/terminal.ts';

interface Flags extends AddressFlags, FileFlags {
  readonly json?: true;
}

/** `shim providers`: what providers.yaml means, and how its lanes stand in a running shim. */
export function providersCommand(): Command {
  return withFiles(withAddress(operatorCommand('providers', 'list providers, their credentials and their routes')))
    .option('--json', 'print it as JSON; credentials as names only')
    .action((flags: Flags) => answering(() => providers(flags)));
}

async function providers(flags: Flags): Promise<0> {
  const settings = settingsOf(flags);
  const catalog = catalogOnDisk(settings, nowTs());
  if (!('lanes' in catalog)) throw new ConfigError(catalog);
  const live = await liveState(flags);
  const credentials = credentialsOf(catalog, settings.env);
  const rows = [...catalog.lanes.values()].map((lane) => toRow({ lane, catalog, credentials, live }));
  const warnings = catalog.warnings.map(describeProblem);
  if (flags.json)
    printJson({ path: catalog.path, shim: live.url, shim_problem: live.problem, providers: rows, warnings });
  else print(providerLines({ catalog, rows, warnings, live }));
  return 0;
}

interface Live {
  readonly url: string;
  readonly lanes: ReadonlyMap<string, Readiness> | null;
  /** Why nothing is known of a running shim; null when it answered. */
  readonly problem: string | null;
}

/** The file can be read without a shim: one that does not answer is a remark, not a failure. */
async function liveState(flags: Flags): Promise<Live> {
  const address = addressOf(flags, process.env);
  try {
    const readyz: Readyz = await askReadyz(address);
    return { url: address.url, lanes: laneReadiness(readyz), problem: null };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { url: address.url, lanes: null, problem: error.message };
  }
}

interface Row {
  readonly id: string;
  readonly base_url: string;
  readonly credential: Credential;
  readonly header_mode: string;
  readonly concurrency: number | null;
  readonly requires: string | null;
  readonly routes: readonly string[];
  /** Null: no shim answered, or the one that did does not know this lane. */
  readonly live: { readonly ok: boolean; readonly reason: string } | null;
}

interface RowSource {
  readonly lane: Lane;
  readonly catalog: Catalog;
  readonly credentials: ReadonlyMap<string, Credential>;
  readonly live: Live;
}

function toRow({ lane, catalog, credentials, live }: RowSource): Row {
  const known = live.lanes?.get(lane.id);
  return {
    id: lane.id,
    base_url: lane.baseUrl,
    credential: credentials.get(lane.id) ?? UNKNOWN_CREDENTIAL,
    header_mode: lane.headerMode,
    concurrency: lane.concurrency,
    requires: lane.requires,
    routes: catalog.routes.flatMap((route) => leadsTo(route, lane.id)),
    live: known === undefined ? null : { ok: known.ok, reason: known.reason },
  };
}

const UNKNOWN_CREDENTIAL: Credential = {
  kind: 'none',
  env: null,
  env_set: null,
  fallback_env: null,
  fallback_set: null,
};

/** `claude-haiku*`, `* (fallback)`, with the conditions of the route. */
function leadsTo(route: Route, lane: string): string[] {
  const when = Object.entries(route.when ?? {}).map(([key, value]) => `${key}=${value}`);
  const pattern = route.pattern + (when.length === 0 ? '' : ` when ${when.join(' ')}`);
  if (route.lane === lane) return [pattern];
  return route.fallback?.includes(lane) === true ? [`${pattern} (fallback)`] : [];
}

interface Shown {
  readonly catalog: Catalog;
  readonly rows: readonly Row[];
  readonly warnings: readonly string[];
  readonly live: Live;
}

function providerLines({ catalog, rows, warnings, live }: Shown): Line[] {
  const { width } = paperOf(process.stdout, process.env);
  return [
    [{ text: catalog.path, tone: 'bold' }],
    ...table(columns(live), rows, width),
    ...warnings.flatMap((text) => wrapWords(`▲ ${text}`, width, 'warn')),
    ...(live.problem === null ? [] : wrapWords(`  state not known: ${live.problem}`, width, 'dim')),
  ];
}

function columns(live: Live): readonly Column<Row>[] {
  return [
    { head: 'PROVIDER', cell: ({ id }) => ({ text: id, tone: 'bold' }), cut: { to: 12, at: 'middle' }, rank: 0 },
    { head: 'BASE URL', cell: ({ base_url: url }) => ({ text: url }), cut: { to: 20, at: 'middle' }, rank: 3 },
    {
      head: 'CREDENTIAL',
      cell: ({ credential }) => ({ text: credentialText(credential) }),
      cut: { to: 22, at: 'middle' },
      rank: 0,
    },
    { head: 'HEADER', cell: ({ header_mode: mode }) => ({ text: mode }), rank: 6 },
    { head: 'AT ONCE', cell: ({ concurrency }) => ({ text: String(concurrency ?? 'any') }), align: 'right', rank: 5 },
    { head: 'REQUIRES', cell: ({ requires }) => ({ text: requires ?? 'nothing' }), rank: 4 },
    {
      head: 'ROUTES',
      cell: ({ routes }) => ({ text: routes.join(', ') || 'none' }),
      cut: { to: 20, at: 'end' },
      rank: 2,
    },
    { head: 'STATE', cell: (row) => state(row, live), cut: { to: 24, at: 'end' }, rank: 1 },
  ];
}

function state({ live: known }: Row, { lanes }: Live): Span {
  if (lanes === null) return { text: ABSENT };
  if (known === null) return { text: '▲ not in the running shim', tone: 'warn' };
  return known.ok ? { text: '● usable', tone: 'ok' } : { text: `■ ${known.reason}`, tone: 'block' };
}
