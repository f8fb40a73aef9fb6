import { Option } from 'commander';
import type { Command } from 'commander';
import type { ProviderState } from '../events/state-file.ts';
import type { Outcome, Problem } from '../problem.ts';
import type { AliasPane, AliasPlan, AliasState } from '../rollups/windows/alias.ts';
import { planAlias } from '../rollups/windows/plan-alias.ts';
import { changeState, isStateName, readState, whileAlone } from '../events/state-file.ts';
import { bookOf, collectKept, withBookOptions } from './book-options.ts';
import type { Book, BookOptions } from './book-options.ts';
import { inputText, withInput } from './input-text.ts';
import type { InputOptions } from './input-text.ts';
import { wholeFrom } from './option-values.ts';
import { paneOf } from './pane-of.ts';
import { note, refuse, say, sayJson } from './told.ts';

const PROVIDERS = ['codex', 'claude', 'glm'] as const;
type Provider = (typeof PROVIDERS)[number];

interface Options extends BookOptions, InputOptions {
  readonly window?: string;
  readonly notes?: string;
  readonly source?: string;
  readonly stateDir?: string;
  readonly json?: true;
}

interface DeleteOptions extends BookOptions {
  readonly index: number;
  readonly phase?: 'before' | 'after';
  readonly window?: string;
  readonly stateDir?: string;
  readonly json?: true;
}

/** `tracker alias start|end|cross|delete`: the short way to meter a window, for shell aliases. */
export function addAlias(program: Command, done: (code: number) => void): void {
  const alias = program.command('alias').description('meter windows one after the other: start, end, cross, delete');
  const words = {
    start: 'store the meters before a window; the next one, when the last one has ended',
    end: 'store the meters after the window that was begun',
    cross: 'end this window and begin the next one with the same reading',
  };
  for (const action of ['start', 'end', 'cross'] as const) {
    const command = alias
      .command(`${action} <provider>`)
      .description(words[action])
      .option('--window <id>', 'window, instead of the one that is next')
      .option('--notes <text>', 'instead of alias:…')
      .option('--source <word>', 'where the reading came from', 'alias')
      .option('--json', 'print what was written');
    withPlaces(withInput(command)).action(async (name: string, options: Options) => {
      const provider = providerOf(name, command);
      const text = inputText(options);
      if (!text.ok) return done(refuse(text.problem));
      done(await read(action, provider, { options, text: text.value }));
    });
  }
  const remove = alias
    .command('delete <provider>')
    .description('take a reading back; the newest one, or the Nth from the end')
    .option('--index <n>', 'Nth from the end, counted from 1', wholeFrom(1), 1)
    .addOption(new Option('--phase <phase>', 'of this phase only').choices(['before', 'after']))
    .option('--window <id>', 'of this window only')
    .option('--json', 'print what was taken back');
  withPlaces(remove).action(async (name: string, options: DeleteOptions) =>
    done(await takeBack(providerOf(name, remove), options)),
  );
}

function withPlaces(command: Command): Command {
  return withBookOptions(command).option(
    '--state-dir <dir>',
    'folder whose state/ keeps the current window (default: the data folder)',
  );
}

interface Input {
  readonly options: Options;
  readonly text: string;
}

async function read(action: 'start' | 'end' | 'cross', provider: Provider, { options, text }: Input): Promise<number> {
  const nowAt = new Date().toISOString();
  const pane = paneOf(provider, text, nowAt);
  const agentId = agentOf();
  const { window, notes, source } = options;
  return carryOut(provider, options, (standing) =>
    planAlias({
      ...standing,
      action,
      provider,
      nowAt,
      pane: pane satisfies AliasPane,
      ...(window !== undefined && { window }),
      ...(notes !== undefined && { notes }),
      ...(source !== undefined && { source }),
      ...(agentId !== undefined && { agentId }),
    }),
  );
}

async function takeBack(provider: Provider, options: DeleteOptions): Promise<number> {
  const { index, phase, window } = options;
  return carryOut(provider, options, (standing) =>
    planAlias({
      ...standing,
      action: 'delete',
      provider,
      nowAt: new Date().toISOString(),
      index,
      ...(phase !== undefined && { phase }),
      ...(window !== undefined && { window }),
    }),
  );
}

interface Standing {
  readonly state: AliasState | null;
  readonly snapshots: readonly Parameters<typeof planAlias>[0]['snapshots'][number][];
}

type Place = Pick<Options, 'dataDir' | 'stateDir' | 'json'>;

/** Rows first, then the state: a state that is lost is inferred from the rows, the other way round it could not be. */
async function carryOut(
  provider: Provider,
  options: Place,
  plan: (standing: Standing) => Outcome<AliasPlan>,
): Promise<number> {
  const book = bookOf(options);
  const agentId = agentOf();
  if (agentId !== undefined && !isStateName(agentId)) return refuse(unusableAgent(agentId));
  const stateDir = options.stateDir ?? book.dir;
  // Two commands of one agent would otherwise both plan from the state before, and begin the same window twice.
  const alone = await whileAlone(stateDir, { provider, agentId }, () =>
    planAndWrite({ book, stateDir, provider, agentId, options, plan }),
  );
  return alone.ok ? alone.value : refuse(alone.problem);
}

interface Task {
  readonly book: Book;
  readonly stateDir: string;
  readonly provider: Provider;
  readonly agentId: string | undefined;
  readonly options: Place;
  readonly plan: (standing: Standing) => Outcome<AliasPlan>;
}

async function planAndWrite({ book, stateDir, provider, agentId, options, plan }: Task): Promise<number> {
  const known = readState(stateDir, { provider, agentId });
  const kept = collectKept(book, 'snapshots.jsonl', ['snapshot']);
  const state = known.ok ? aliasState(known.value) : null;
  const planned = plan({ state, snapshots: kept.rows.map(({ row }) => row) });
  if (!planned.ok) return refuse(planned.problem);
  const { snapshots, glmCounts, removed, lines, problems } = planned.value;
  const written = await book.appendMany([
    ...snapshots.map((row) => ({ ...row, kind: 'snapshot' as const })),
    ...glmCounts.map((row) => ({ ...row, kind: 'glm_count' as const })),
  ]);
  if (!written.ok) return refuse(written.problem);
  const target = removed === null ? undefined : kept.rows.find(({ row }) => row === removed);
  if (target !== undefined) {
    const taken = await book.takeBack(target, 'alias:delete');
    if (!taken.ok) return refuse(taken.problem);
  }
  const next = planned.value.state;
  const stored = next === null ? null : await changeState(stateDir, { provider, agentId }, () => next);
  const unstored = stored === null || stored.ok ? [] : [stored.problem];
  const damaged = known.ok || known.problem.code === 'state-missing' ? [] : [known.problem];
  note([...damaged, ...kept.problems, ...written.value.notes, ...problems, ...unstored]);
  if (options.json) sayJson({ snapshots, glm_counts: glmCounts, removed, state: next });
  else for (const line of lines) say(line);
  return 0;
}

/** A state without a phase says no more than the rows. */
function aliasState({ last_phase: phase, ...state }: ProviderState): AliasState | null {
  return phase === null ? null : { ...state, last_phase: phase };
}

/** Agents that work side by side each have windows of their own. */
function agentOf(): string | undefined {
  return process.env['AGENT_ID'] || undefined;
}

function unusableAgent(agentId: string): Problem {
  const message = `AGENT_ID is ${JSON.stringify(agentId)}, which cannot be a name of a state`;
  return { code: 'unusable-input', message, remedy: 'Use letters, digits, dots, dashes; at most 100' };
}

function providerOf(name: string, command: Command): Provider {
  const provider = PROVIDERS.find((one) => one === name);
  return provider ?? command.error(`error: ${name} is no provider of alias; use ${PROVIDERS.join(', ')}`);
}
