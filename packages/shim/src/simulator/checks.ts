/** A scenario that cannot be used: the message names the path inside it and what is allowed there. */
export class BehaviourError extends Error {
  override readonly name = 'BehaviourError';
}

/** Throws a {@link BehaviourError} when `value` is not allowed at `at`. */
export type Check = (value: unknown, at: string) => void;

export function number(min: number, max = Number.MAX_SAFE_INTEGER): Check {
  return range(min, max, 'a number', (value) => Number.isFinite(value));
}

export function whole(min: number, max = Number.MAX_SAFE_INTEGER): Check {
  return range(min, max, 'a whole number', (value) => Number.isSafeInteger(value));
}

export const text: Check = (value, at) => {
  if (typeof value !== 'string') refuse(value, at, 'a string');
};

export const flag: Check = (value, at) => {
  if (typeof value !== 'boolean') refuse(value, at, 'true or false');
};

export function oneOf(...allowed: readonly (string | number)[]): Check {
  return (value, at) => {
    if (!allowed.some((one) => one === value)) refuse(value, at, `one of ${allowed.join(', ')}`);
  };
}

/** A value that passes either check; `wanted` describes both for the reader. */
export function either(first: Check, second: Check, wanted: string): Check {
  return (value, at) => {
    if (!passes(first, value, at) && !passes(second, value, at)) refuse(value, at, wanted);
  };
}

export function list(item: Check): Check {
  return (value, at) => {
    if (!Array.isArray(value)) refuse(value, at, 'a list');
    value.forEach((one, index) => item(one, `${at}[${String(index)}]`));
  };
}

/** An object with any keys, every value passing `item`. */
export function mapOf(item: Check): Check {
  return (value, at) => {
    for (const [key, one] of Object.entries(asObject(value, at))) item(one, join(at, key));
  };
}

/** An object with these keys and no others: a misspelt key must not be ignored silently. */
export function shape(fields: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value, at) => {
    const object = asObject(value, at);
    for (const [key, one] of Object.entries(object)) {
      const check = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (check === undefined) fail(join(at, key), `unknown key; allowed: ${Object.keys(fields).join(', ')}`);
      check(one, join(at, key));
    }
    for (const key of required) if (!(key in object)) fail(join(at, key), 'is missing');
  };
}

/** Objects told apart by the value of `key`. */
export function taggedBy(key: string, variants: Readonly<Record<string, Check>>): Check {
  return (value, at) => {
    const tag = asObject(value, at)[key];
    oneOf(...Object.keys(variants))(tag, join(at, key));
    variants[String(tag)]?.(value, at);
  };
}

export function fail(at: string, problem: string): never {
  throw new BehaviourError(`${at === '' ? 'the scenario' : at}: ${problem}`);
}

export function join(at: string, key: string): string {
  return at === '' ? key : `${at}.${key}`;
}

function range(min: number, max: number, noun: string, fits: (value: number) => boolean): Check {
  const wanted =
    max === Number.MAX_SAFE_INTEGER ? `${noun} from ${String(min)}` : `${noun} from ${String(min)} to ${String(max)}`;
  return (value, at) => {
    if (typeof value !== 'number' || !fits(value) || value < min || value > max) refuse(value, at, wanted);
  };
}

function passes(check: Check, value: unknown, at: string): boolean {
  try {
    check(value, at);
    return true;
  } catch (error) {
    if (error instanceof BehaviourError) return false;
    throw error;
  }
}

function asObject(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(value, at, 'an object');
  return value as Readonly<Record<string, unknown>>;
}

function refuse(value: unknown, at: string, wanted: string): never {
  const shown = value === undefined ? 'nothing' : JSON.stringify(value);
  fail(at, `${shown.length > 60 ? `${shown.slice(0, 57)}...` : shown} is not ${wanted}`);
}
