/** What the body of an error answer says, as far as it was understood. */
export interface ErrorSaid {
  /** Empty when it names none. */
  readonly type: string;
  /** A provider's business code of four digits, such as Z.AI's 1308; null: none. */
  readonly code: number | null;
  /** The message, or the body itself where it is no JSON; cut off. */
  readonly message: string;
  /** Epoch seconds in a field of its own; null: none. */
  readonly resetsTs: number | null;
}

export function readErrorSaid(body: Buffer | string): ErrorSaid {
  const text = typeof body === 'string' ? body : body.toString('utf8');
  const whole = fieldsOf(parsed(text));
  const error = fieldsOf(whole['error']);
  const type = textOf(error['type']) ?? textOf(whole['type']) ?? '';
  const said = textOf(error['message']) ?? textOf(whole['message']) ?? textOf(whole['msg']) ?? textOf(whole['error']);
  const message = (said ?? text).slice(0, MESSAGE_LIMIT);
  const inMessage = /^\s*\[(\d{4})\]/.exec(message)?.[1];
  const codes = [error['code'], error['type'], whole['code'], inMessage];
  const resetsAt = error['resets_at'];
  return {
    type,
    code: codes.map(codeOf).find((code) => code !== null) ?? null,
    message,
    resetsTs: typeof resetsAt === 'number' && Number.isFinite(resetsAt) ? resetsAt : null,
  };
}

/** Nobody explains an error at greater length; what is longer was not written by the provider. */
const MESSAGE_LIMIT = 2000;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function codeOf(value: unknown): number | null {
  const code = typeof value === 'string' && /^\d{4}$/.test(value) ? Number(value) : value;
  return typeof code === 'number' && Number.isInteger(code) && code >= 1000 && code <= 1999 ? code : null;
}

/**
 * The time in "Your limit will reset at 2026-01-02 03:04:05", in epoch seconds.
 *
 * Z.AI and its Chinese twin print the wall clock of Beijing and no zone (seen against the quota they report elsewhere:
 * can1357/oh-my-pi#11014, diegosouzapw/OmniRoute#14479). Should one print UTC some day, this reading is eight hours
 * early: a five hours' window then ends in the past, which counts as not said. It never waits longer than told.
 */
export function resetInText(message: string): number | null {
  const match = /(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s*(Z|UTC|[+-]\d\d:?\d\d)?/i.exec(message);
  if (match === null) return null;
  const [, day = '', time = '', zone = '+08:00'] = match;
  return secondsOf(`${day}T${time}${zone.toUpperCase() === 'UTC' ? 'Z' : zone.toUpperCase()}`);
}

/** The time in "You will regain access on 2026-04-01 at 00:00 UTC.", in epoch seconds. */
export function accessRegainedInText(message: string): number | null {
  const match = /regain access on (\d{4}-\d\d-\d\d)(?: at (\d\d:\d\d))?/i.exec(message);
  if (match === null) return null;
  return secondsOf(`${match[1] ?? ''}T${match[2] ?? '00:00'}Z`);
}

/** The length in "Usage limit reached for 5 hour", in minutes; null: none. */
export function windowLengthInText(message: string): number | null {
  const match = /(\d{1,3})\s*(hour|day|week|month|小时|天|周|个月|月)/i.exec(message);
  if (match === null) return null;
  return Number(match[1]) * (MINUTES[(match[2] ?? '').toLowerCase()] ?? 60);
}

const MINUTES: Readonly<Record<string, number>> = {
  hour: 60,
  小时: 60,
  day: 1440,
  天: 1440,
  week: 10_080,
  周: 10_080,
  month: 43_200,
  个月: 43_200,
  月: 43_200,
};

function secondsOf(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms / 1000;
}
