import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { withLock } from '../events/journal-lock.ts';
import { replaceFile } from '../events/replace-file.ts';
import { systemErrorCode } from '../problem.ts';
import type { Outcome } from '../problem.ts';

/** Numbers of a stream from first to last. */
export interface SeqRange {
  readonly first: number;
  readonly last: number;
}

/** What outlives a run. Losing it costs no event: what was sent is sent again, and counts once. */
export interface UplinkState {
  /** Random; says nothing about who it is. */
  readonly stream: string;
  /** Key of the hashes in what is sent, base64. It never leaves. */
  readonly hash_key: string;
  /** Everything up to this number is on the aggregator's disk. */
  readonly acked_seq: number;
  /** Since when the tier of the environment has been in force (ISO 8601); null: it is not. */
  readonly env_since: string | null;
  readonly sent_total: number;
  readonly rejected_total: number;
  readonly retries_total: number;
  /** Numbers the aggregator misses and that are not here any more. */
  readonly lost: readonly SeqRange[];
  /** ISO 8601; null: never. */
  readonly last_ok_at: string | null;
  readonly last_problem: { readonly at: string; readonly message: string } | null;
  /** Not before this time, ISO 8601: the aggregator asked for it. */
  readonly not_before: string | null;
}

export interface StateFile {
  readonly file: string;
  /** The state as it is kept, or a new one. */
  read(): UplinkState;
  /** Replaces it by what `change` makes of it, under a lock. */
  change(change: (state: UplinkState) => UplinkState): Promise<Outcome<UplinkState>>;
}

export function openStateFile(file: string): StateFile {
  // A state that is not on the disk yet must be the same for everyone who asks in this process.
  let fresh: UplinkState | null = null;
  const read = (): UplinkState => load(file) ?? (fresh ??= newState());
  return {
    file,
    read,
    change: async (change) => {
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
        const locked = await withLock(`${file}.lock`, (): Outcome<UplinkState> => {
          const state = change(read());
          const written = replaceFile(file, `${JSON.stringify(state, null, 2)}\n`);
          return written.ok ? { ok: true, value: state } : written;
        });
        return locked.ok ? locked.value : locked;
      } catch (error) {
        const code = systemErrorCode(error);
        if (code === undefined) throw error;
        return {
          ok: false,
          problem: { code: 'journal-unwritable', file, message: `${file} cannot be written (${code})` },
        };
      }
    },
  };
}

function newState(): UplinkState {
  return {
    stream: randomUUID(),
    hash_key: randomBytes(32).toString('base64'),
    acked_seq: 0,
    env_since: null,
    sent_total: 0,
    rejected_total: 0,
    retries_total: 0,
    lost: [],
    last_ok_at: null,
    last_problem: null,
    not_before: null,
  };
}

/** Null: there is none, or it is damaged. */
function load(file: string): UplinkState | null {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<UplinkState> | null;
    const isState =
      typeof value?.stream === 'string' &&
      value.stream !== '' &&
      typeof value.hash_key === 'string' &&
      Number.isSafeInteger(value.acked_seq);
    return isState ? { ...newState(), ...value } : null;
  } catch (error) {
    if (error instanceof SyntaxError || systemErrorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
