import { parseUsage } from '@ccp/contracts';
import type { Outcome, Problem } from '../../problem.ts';
import { shownUrl, usageUrl } from './ccp-url.ts';
import { getText, TooLarge } from './get-text.ts';
import type { Answer } from './get-text.ts';
import type { UsageReading } from './reading.ts';

export interface ReadUsageOptions {
  /** Epoch seconds. */
  readonly clock: () => number;
  /** Ends the read early; the outcome is then `shim-unreachable`. */
  readonly signal?: AbortSignal;
  /** Default 5 s for the whole answer. */
  readonly timeoutMs?: number;
}

/** Asks the shim once. Expected failures are problems with a remedy, never exceptions. */
export async function readUsage(base: URL, options: ReadUsageOptions): Promise<Outcome<UsageReading>> {
  const url = usageUrl(base);
  const timeoutMs = options.timeoutMs ?? 5000;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  let answer: Answer;
  try {
    answer = await getText(url, signal);
  } catch (error) {
    if (error instanceof TooLarge) return failed(tooLarge(url, error));
    return failed(unreachable(base, timeout.aborted ? `nothing within ${timeoutMs / 1000} s` : reasonOf(error)));
  }
  if (answer.status !== 200) return failed(answered(url, answer.status));
  return toReading(url, answer.text, options.clock());
}

function toReading(url: URL, text: string, receivedTs: number): Outcome<UsageReading> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return failed({ code: 'not-json', message: `${url.href} did not answer with JSON`, remedy: OTHER_PROGRAM });
  }
  const parsed = parseUsage(value);
  if (!parsed.ok) {
    const { path = '', reason = 'is not valid' } = parsed.problems[0] ?? {};
    const more = parsed.problems.length > 1 ? ` (and ${parsed.problems.length - 1} more)` : '';
    const message = `the answer of ${url.href} is not usage v1: ${path || 'the document'} ${reason}${more}`;
    return failed({ code: 'not-usage-v1', message, pointer: path, remedy: OTHER_PROGRAM });
  }
  const usage = parsed.value;
  const notes = usage.usage_schema === undefined ? [older(url)] : [];
  return { ok: true, value: { sourceUrl: url.href, receivedTs, usage, notes } };
}

const OTHER_PROGRAM = 'Does another program listen there? Check --ccp-url and CCP_BASE_URL';

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
  const remedy =
    status === 401
      ? 'This shim asks for its key, which the tracker does not send; start the shim without --api-key-file'
      : OTHER_PROGRAM;
  return { code: `shim-answered-${status}`, message: `${url.href} answered with status ${status}`, remedy };
}

function tooLarge(url: URL, { limitBytes }: TooLarge): Problem {
  const message = `the answer of ${url.href} is larger than ${limitBytes / 2 ** 20} MiB`;
  return { code: 'answer-too-large', message, remedy: OTHER_PROGRAM };
}

function older(url: URL): Problem {
  return {
    code: 'older-shim',
    message: `${url.href} does not say usage_schema: an older shim, so some values are missing`,
    remedy: 'Upgrade the shim to see them',
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

function failed(problem: Problem): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem };
}
