import { Option } from 'commander';
import type { Command } from 'commander';
import { PRIVACY_TIERS } from '@ccp/contracts';
import type { Feature, Measurement, PrivacyTier, Value } from '@ccp/contracts';
import type { NewRow } from '../events/book.ts';
import { sessionEndRow, sessionRow, turnRows } from '../events/session-rows.ts';
import { refreshSummary } from '../refresh-summary.ts';
import { uploadNow } from '../upload-now.ts';
import { bookOf, withBookOptions } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { amount, anyNumber, wholeFrom } from './option-values.ts';
import { note, refuse, say, sayJson } from './told.ts';
import { uplinkFor } from './uplink-options.ts';

type Done = (code: number) => void;

interface StartOptions extends BookOptions {
  readonly repo: string;
  readonly branch: string;
  readonly commit: string;
  readonly licenseId: string;
  readonly tier?: PrivacyTier;
  readonly session?: string;
  readonly json?: true;
}

interface LogOptions extends BookOptions {
  readonly session: string;
  readonly model: string;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly subagent: string;
  readonly input: 'text' | 'image' | 'other';
  readonly latencyMs?: number;
  readonly capacity?: number;
  readonly capacityUnit?: string;
  readonly feature?: string;
  readonly specRef: string;
  readonly status: string;
  readonly featureDelta?: number;
  readonly cls?: number;
  readonly impf?: number;
  readonly churnScore?: number;
  readonly summary?: string;
  readonly link?: string[];
  readonly turn?: string;
  readonly json?: true;
}

interface EndOptions extends BookOptions {
  readonly session: string;
  readonly notes: string;
  readonly json?: true;
}

/** `tracker session start|log|end`: events of programs that do not go through the shim. */
export function addSession(program: Command, done: Done): void {
  const session = program.command('session').description('write events of a session by hand or from a script');
  const start = session
    .command('start')
    .description('begin a session and print its id')
    .option('--repo <id>', 'id of the repository; not a path', '')
    .option('--branch <name>', 'branch', '')
    .option('--commit <commit>', 'commit', '')
    .option('--license-id <id>', 'license in force', '')
    .addOption(new Option('--tier <tier>', 'what may leave (default: the tier in force)').choices([...PRIVACY_TIERS]))
    .option('--session <id>', 'id, instead of a new one')
    .option('--json', 'print the row');
  withBookOptions(start).action(async (options: StartOptions) => done(await begin(options)));
  const log = session
    .command('log')
    .description('write a turn of a session')
    .requiredOption('--session <id>', 'session')
    .requiredOption('--model <name>', 'model')
    .requiredOption('--tokens-in <n>', 'fresh input tokens', wholeFrom(0))
    .requiredOption('--tokens-out <n>', 'output tokens', wholeFrom(0))
    .option('--subagent <name>', 'agent within the session', '')
    .addOption(new Option('--input <kind>', 'what the input held').choices(['text', 'image', 'other']).default('text'))
    .option('--latency-ms <ms>', 'how long it took', amount)
    .option('--capacity <n>', 'capacity it used', amount)
    .addOption(new Option('--capacity-unit <unit>', 'unit of it').choices(['pp', 'prompts', 'credits', 'tokens']))
    .option('--feature <id>', 'feature it worked on')
    .option('--spec-ref <ref>', 'where the feature is described', '')
    .addOption(
      new Option('--status <status>', 'how far it is')
        .choices(['proposed', 'implemented', 'shipped'])
        .default('implemented'),
    )
    .option('--feature-delta <n>', 'features it added', amount)
    .option('--cls <n>', 'complexity load score', anyNumber)
    .option('--impf <minutes>', 'interaction minutes per feature', amount)
    .option('--churn-score <n>', 'normalised churn', amount)
    .option('--summary <text>', 'what came of it')
    .option('--link <url...>', 'where it can be seen')
    .option('--turn <id>', 'id of the turn, instead of a new one: the same id is written once')
    .option('--json', 'print the row');
  withBookOptions(log).action(async (options: LogOptions) => done(await logTurn(options)));
  const end = session
    .command('end')
    .description('end a session')
    .requiredOption('--session <id>', 'session')
    .option('--notes <text>', 'free words', '')
    .option('--json', 'print the row');
  withBookOptions(end).action(async (options: EndOptions) => done(await finish(options)));
}

async function begin(options: StartOptions): Promise<number> {
  const opened = uplinkFor(options);
  if (!opened.ok) return refuse(opened.problem);
  // From here on events count as written for this tier.
  const prepared = await opened.value.uplink.prepare();
  if (!prepared.ok) return refuse(prepared.problem);
  const { repo, branch, commit, licenseId, session, tier = opened.value.privacy.tier } = options;
  const start = { repoId: repo, branch, commit, licenseId, ...(session !== undefined && { sessionId: session }) };
  const { id, row } = sessionRow(start, tier, new Date());
  return write(options, [row], id);
}

async function logTurn(options: LogOptions): Promise<number> {
  const { capacity, capacityUnit, turn: turnId } = options;
  const turn = {
    model: options.model,
    subagent: options.subagent,
    tokens_in: options.tokensIn,
    tokens_out: options.tokensOut,
    input_kind: options.input,
    latency_ms: options.latencyMs ?? null,
    capacity_used: capacity ?? null,
    ...(capacityUnit !== undefined && { capacity_unit: capacityUnit }),
    ...(turnId !== undefined && { turn_id: turnId }),
  };
  const { id, rows } = turnRows(options.session, { turn, ...partsOf(options) }, new Date());
  return write(options, rows, id);
}

function partsOf(options: LogOptions): { measurement?: Measurement; feature?: Feature; value?: Value } {
  const { featureDelta, cls, impf, churnScore, feature, specRef, status, summary, link } = options;
  const measured = { feature_delta: featureDelta, cls, impf, churn_score: churnScore };
  const known = Object.entries(measured).filter(([, value]) => value !== undefined);
  return {
    ...(known.length > 0 && { measurement: Object.fromEntries(known) as Measurement }),
    ...(feature !== undefined && { feature: { feature_id: feature, spec_ref: specRef, status } }),
    ...((summary !== undefined || link !== undefined) && { value: { summary: summary ?? '', links: link ?? [] } }),
  };
}

async function finish(options: EndOptions): Promise<number> {
  const code = await write(options, [sessionEndRow(options.session, options.notes, new Date())], options.session);
  const opened = uplinkFor(options);
  if (code !== 0 || !opened.ok) return code;
  const { book, uplink, destination } = opened.value;
  const refreshed = await refreshSummary(book);
  if (!refreshed.ok) return refuse(refreshed.problem);
  if (!uplink.allowed().ok) return code;
  const sent = await uploadNow({ uplink, destination, summary: refreshed.value.summary, forMs: UPLOAD_MS });
  // The session has ended well, whatever becomes of its copy.
  note(sent.ok ? sent.value.problems : [sent.problem]);
  return code;
}

/** Nobody waits longer for the end of a session; what is left goes with the next upload. */
const UPLOAD_MS = 5_000;

/** The same event told twice is written once. */
async function write(
  options: BookOptions & { readonly json?: true },
  rows: readonly NewRow[],
  id: string,
): Promise<number> {
  const added = await bookOf(options).appendNew(rows);
  if (!added.ok) return refuse(added.problem);
  note(added.value.notes);
  if (options.json) sayJson({ id, written: added.value.added, rows });
  else say(id);
  const opened = uplinkFor(options);
  const fed = opened.ok ? await opened.value.uplink.feed() : opened;
  if (!fed.ok && fed.problem.code !== 'tier-local') note([fed.problem]);
  return 0;
}
