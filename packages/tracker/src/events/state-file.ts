import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemErrorCode } from '../problem.ts';
import type { Outcome, Problem } from '../problem.ts';
import { whileLocked, withLock } from './journal-lock.ts';
import { isFields } from './older/shape.ts';
import { replaceFile } from './replace-file.ts';

/** Where a provider stands between two commands. Keys we do not know are kept. */
export interface ProviderState {
  readonly provider: string;
  readonly current_window: string;
  /** The last snapshot kept; null: none. */
  readonly last_phase: 'before' | 'after' | null;
  /** Prompts of GLM when the window began; null: not known. */
  readonly baseline_prompts: number | null;
  /** ISO 8601. */
  readonly updated_at: string;
}

/** Whose state. Agents that work side by side each have their own. */
export interface StateOwner {
  readonly provider: string;
  readonly agentId?: string | undefined;
}

/**
 * `state/<provider>.json` of a data folder, or `state/<agent>/<provider>.json`.
 *
 * @throws RangeError when a name can't be part of a path; names come from the command line and are checked there
 */
export function stateFile(dir: string, { provider, agentId }: StateOwner): string {
  const parts = agentId === undefined || agentId === '' ? [provider] : [agentId, provider];
  const wrong = parts.find((part) => !isStateName(part));
  if (wrong !== undefined) throw new RangeError(`${JSON.stringify(wrong)} cannot be a name of a state`);
  return `${join(dir, 'state', ...parts)}.json`;
}

/** Whether a provider or agent may be called so: letters, digits, `.`, `_`, `-`, no leading dot, at most 100. */
export function isStateName(name: string): boolean {
  return /^[\p{L}\p{N}_-][\p{L}\p{N}._-]{0,99}$/u.test(name);
}

/** The state as it is kept. When it is missing or damaged the caller infers it from the newest snapshot. */
export function readState(dir: string, owner: StateOwner): Outcome<ProviderState> {
  const file = stateFile(dir, owner);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    if (code === 'ENOENT')
      return { ok: false, problem: { code: 'state-missing', file, message: `there is no ${file}` } };
    return { ok: false, problem: damaged(file, `cannot be read (${code})`) };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: damaged(file, 'is not JSON') };
  }
  const state = stateOf(value, owner);
  return state === null
    ? { ok: false, problem: damaged(file, 'is not a state of this provider') }
    : { ok: true, value: state };
}

/**
 * Replaces the state by what `change` makes of it, whole or not at all; null leaves it. Under a lock, so two commands
 * that read and write it do so one after the other.
 */
export async function changeState(
  dir: string,
  owner: StateOwner,
  change: (before: Outcome<ProviderState>) => ProviderState | null,
): Promise<Outcome<ProviderState | null>> {
  const file = stateFile(dir, owner);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const locked = await withLock(`${file}.lock`, (): Outcome<ProviderState | null> => {
      const state = change(readState(dir, owner));
      if (state === null) return { ok: true, value: null };
      if (stateOf(state, owner) === null) throw new TypeError(`not a state of ${owner.provider}`);
      const replaced = replaceFile(file, `${JSON.stringify(state, null, 2)}\n`);
      return replaced.ok ? { ok: true, value: state } : replaced;
    });
    return locked.ok ? locked.value : locked;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return { ok: false, problem: { code: 'journal-unwritable', file, message: `${file} cannot be written (${code})` } };
  }
}

/** Runs `work` while no other command of this agent and provider does, from its look at the state to what it writes. */
export async function whileAlone<T>(dir: string, owner: StateOwner, work: () => Promise<T>): Promise<Outcome<T>> {
  const file = `${stateFile(dir, owner)}.command.lock`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return await whileLocked(file, work, { waitMs: 15_000 });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return { ok: false, problem: { code: 'journal-unwritable', file, message: `${file} cannot be written (${code})` } };
  }
}

/** Null: it is none. Earlier writers left out what they did not know. */
function stateOf(value: unknown, { provider }: StateOwner): ProviderState | null {
  if (!isFields(value)) return null;
  const { current_window: window, last_phase: phase = null, baseline_prompts: prompts = null, updated_at: at } = value;
  const fits =
    value['provider'] === provider &&
    typeof window === 'string' &&
    window !== '' &&
    (phase === null || phase === 'before' || phase === 'after') &&
    (prompts === null || (Number.isFinite(prompts) && Number(prompts) >= 0)) &&
    typeof at === 'string' &&
    !Number.isNaN(Date.parse(at));
  return fits ? ({ ...value, last_phase: phase, baseline_prompts: prompts } as unknown as ProviderState) : null;
}

function damaged(file: string, what: string): Problem {
  return {
    code: 'state-damaged',
    file,
    message: `${file} ${what}`,
    remedy: 'The state is inferred from the newest snapshot and written anew by the next start',
  };
}
