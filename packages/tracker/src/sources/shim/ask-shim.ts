import type { Parsed } from '@ccp/contracts';
import type { Outcome, Problem } from '../../problem.ts';
import { shownUrl, surfaceUrl } from './ccp-url.ts';
import { getText, TooLarge } from './get-text.ts';
import type { Answer } from './get-text.ts';
import { KeyUnreadable } from './shim-key.ts';

export interface AskOptions {
  /** Epoch seconds. */
  readonly clock: () => number;
  /** Ends the read early; the outcome is then `shim-unreachable`. */
  readonly signal?: AbortSignal;
  /** Default 5 s for the whole answer. */
  readonly timeoutMs?: number;
}

/** An answer of the shim that follows its contract. */
export interface Told<T> {
  /** Address that was asked. */
  readonly url: URL;
  /** When the answer was complete (epoch seconds). */
  readonly receivedTs: number;
  readonly value: T;
}

/** What is asked for: a path below the base address, and the contract of its answer. */
export interface Question<T> {
  /** Such as `v1/usage`, with its query. */
  readonly path: string;
  /** Name of the contract, for people. */
  readonly contract: string;
  readonly parse: (value: unknown) => Parsed<T>;
}

/** Asks the shim once. Expected failures are problems with a remedy, never exceptions. */
export async function askShim<T>(base: URL, question: Question<T>, options: AskOptions): Promise<Outcome<Told<T>>> {
  const url = surfaceUrl(base, question.path);
  const timeoutMs = options.timeoutMs ?? 5000;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  let answer: Answer;
  try {
    answer = await getText(url, signal);
  } catch (error) {
    if (error instanceof TooLarge) return failed(tooLarge(url, error));
    if (error instanceof KeyUnreadable) return failed(noKey(error));
    return failed(unreachable(base, timeout.aborted ? `nothing within ${timeoutMs / 1000} s` : reasonOf(error)));
  }
  if (answer.status !== 200) return failed(answered(url, answer.status));
  return valueOf(url, answer.text, question, options.clock());
}

function valueOf<T>(url: URL, text: string, question: Question<T>, receivedTs: number): Outcome<Told<T>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return failed({ code: 'not-json', message: `${shown(url)} did not answer with JSON`, remedy: OTHER_PROGRAM });
  }
  const parsed = question.parse(json);
  if (parsed.ok) return { ok: true, value: { url, receivedTs, value: parsed.value } };
  const { path = '', reason = 'is not valid' } = parsed.problems[0] ?? {};
  const more = parsed.problems.length > 1 ? ` (and ${parsed.problems.length - 1} more)` : '';
  const message = `the answer of ${shown(url)} is not ${question.contract}: ${path || 'the document'} ${reason}${more}`;
  return failed({ code: 'not-usage-v1', message, pointer: path, remedy: OTHER_PROGRAM });
}

const OTHER_PROGRAM = 'Does another program listen there? Check --ccp-url and CCP_BASE_URL';

/** Without its query, which is long and tells people nothing. */
function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function unreachable(base: URL, reason: string): Problem {
  const port = base.port === '' ? '80' : base.port;
  const start = port === '8082' ? 'shim serve' : `shim serve --port ${port}`;
  return {
    code: 'shim-unreachable',
    message: `no shim answers at ${shownUrl(base)} (${reason})`,
    remedy: `Start it with: ${start}`,
  };
}

function answered(url: URL, status: number): Problem {
  const remedy = status === 401 ? KEY_REMEDY : OTHER_PROGRAM;
  return { code: `shim-answered-${status}`, message: `${shown(url)} answered with status ${status}`, remedy };
}

const KEY_REMEDY = 'This shim asks for its key: set CCP_API_KEY_FILE to the file it was started with (--api-key-file)';

function noKey({ file, message }: KeyUnreadable): Problem {
  return { code: 'shim-key-unreadable', file, message, remedy: 'Correct CCP_API_KEY_FILE, or the rights of that file' };
}

function tooLarge(url: URL, { limitBytes }: TooLarge): Problem {
  const message = `the answer of ${shown(url)} is larger than ${limitBytes / 2 ** 20} MiB`;
  return { code: 'answer-too-large', message, remedy: OTHER_PROGRAM };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

function failed(problem: Problem): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem };
}
