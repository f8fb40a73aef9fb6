import { OperatorError } from '../operator-command.ts';

/** The meters a probe can move, by the length of their window in seconds. */
const METERS: Readonly<Record<number, string>> = { 18_000: 'zai-5h', 604_800: 'zai-7d' };
/** Z.AI's numbers for units of time. */
const UNIT_S: Readonly<Record<number, number>> = { 1: 86_400, 3: 3_600, 5: 60, 6: 604_800 };
/** Kinds of limits that tokens use up. TIME_LIMIT counts calls of tools. */
const TYPES: ReadonlySet<unknown> = new Set(['TOKENS_LIMIT', 'CREDIT_LIMIT']);
const PATH = '/api/monitor/usage/quota/limit';
const TIMEOUT_MS = 15_000;

/** How full a window of the plan is, as the provider says. */
export interface PlanWindow {
  readonly meter: string;
  readonly type: string;
  /** Fraction; 1 is full. */
  readonly used: number;
  /** True: computed from amounts; false: a whole percent. */
  readonly isExact: boolean;
  /** Epoch seconds; null: not said. */
  readonly resetsTs: number | null;
}

export interface PlanQuota {
  readonly url: string;
  /** Never printed. */
  readonly key: string;
}

export function quotaUrl(origin: string): string {
  return origin + PATH;
}

/**
 * Reads the windows of the plan. The key goes as it is, and when that is refused once more as `Bearer`, for reports of
 * what the endpoint takes differ. It says no inside answers of status 200, too.
 */
export class PlanReader {
  readonly #quota: PlanQuota;
  #form: 'raw' | 'bearer' | null = null;

  constructor(quota: PlanQuota) {
    this.#quota = quota;
  }

  /** By meter; the fuller limit where two stand for one window. */
  async read(signal?: AbortSignal): Promise<ReadonlyMap<string, PlanWindow>> {
    const forms = this.#form === null ? (['raw', 'bearer'] as const) : [this.#form];
    let refused = '';
    for (const form of forms) {
      const { body, problem } = await this.#ask(form, signal);
      if (problem === null) {
        this.#form = form;
        return windowsOf(body);
      }
      refused = problem;
    }
    throw this.#failed(
      `refuses the lane's key or the question (${refused})`,
      'check the key of the lane, or give --quota-url',
    );
  }

  async #ask(form: 'raw' | 'bearer', signal?: AbortSignal): Promise<{ body: unknown; problem: string | null }> {
    const { url, key } = this.#quota;
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    let status: number;
    let text: string;
    try {
      const response = await fetch(url, {
        headers: { accept: 'application/json', authorization: form === 'raw' ? key : `Bearer ${key}` },
        // A redirect would carry the key to another place.
        redirect: 'error',
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      const { cause } = error as { cause?: { code?: string } };
      const why = timeout.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : (cause?.code ?? (error as Error).name);
      throw this.#failed(`can't be asked (${why})`, 'check the network, or give --quota-url');
    }
    const body = jsonOf(text);
    if (status === 404)
      throw this.#failed('is not there (status 404)', 'give the address of the quota with --quota-url');
    return { body, problem: status === 200 ? refusalIn(body) : `status ${status}` };
  }

  #failed(what: string, remedy: string): OperatorError {
    return new OperatorError(this.#withoutKey(`${this.#quota.url} ${what}`), remedy);
  }

  /** A server may quote what it was sent. */
  #withoutKey(text: string): string {
    return text.replaceAll(this.#quota.key, '…');
  }
}

function refusalIn(body: unknown): string | null {
  const { code, msg, success, data } = fieldsOf(body);
  if (success === false || (typeof code === 'number' && code !== 200 && code !== 0))
    return `code ${String(code)}${typeof msg === 'string' ? `, ${msg.slice(0, 200)}` : ''}`;
  return Array.isArray(fieldsOf(data)['limits']) ? null : 'the answer lists no limits';
}

function windowsOf(body: unknown): ReadonlyMap<string, PlanWindow> {
  const limits = fieldsOf(fieldsOf(body)['data'])['limits'] as readonly unknown[];
  const windows = new Map<string, PlanWindow>();
  for (const limit of limits) {
    const window = windowOf(fieldsOf(limit));
    if (window !== null && window.used >= (windows.get(window.meter)?.used ?? 0)) windows.set(window.meter, window);
  }
  return windows;
}

/** Null: a limit of another kind, or one that does not say how full it is. */
function windowOf({ type, unit, number, usage, currentValue, percentage, nextResetTime }: Fields): PlanWindow | null {
  if (!TYPES.has(type) || typeof unit !== 'number') return null;
  const meter = METERS[(UNIT_S[unit] ?? 0) * (typeof number === 'number' ? number : 1)];
  if (meter === undefined) return null;
  // The percentage is rounded down, and has been seen behind the amounts.
  const isExact = isAmount(usage) && usage > 0 && isAmount(currentValue);
  const used = isExact ? currentValue / usage : isAmount(percentage) ? percentage / 100 : null;
  if (used === null) return null;
  return { meter, type: String(type), used, isExact, resetsTs: isAmount(nextResetTime) ? nextResetTime / 1000 : null };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
