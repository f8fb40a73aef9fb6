import type { ErrorObject } from 'ajv/dist/2020.js';

/** One reason why a document breaks its contract. */
export interface Problem {
  /** JSON pointer (RFC 6901) to the value, or to where a missing one belongs; empty for the whole document. */
  readonly path: string;
  /** What is wrong, in words that follow the path: "must be at least 0". Never quotes the value: it may be a secret. */
  readonly reason: string;
}

/** Restates an error of the validation library. */
export function problemOf(error: ErrorObject): Problem {
  const missing: unknown = error.keyword === 'required' ? error.params['missingProperty'] : undefined;
  if (typeof missing === 'string') return { path: `${error.instancePath}/${escaped(missing)}`, reason: 'is required' };
  return { path: error.instancePath, reason: reasonOf(error) };
}

function reasonOf({ keyword, message = 'is not valid', params }: ErrorObject): string {
  switch (keyword) {
    case 'type':
      return `must be ${[params['type']].flat().join(' or ')}`;
    case 'enum':
      return `must be one of: ${(params['allowedValues'] as unknown[]).map((word) => JSON.stringify(word)).join(', ')}`;
    case 'const':
      return `must be ${JSON.stringify(params['allowedValue'])}`;
    case 'minimum':
      return `must be at least ${String(params['limit'])}`;
    case 'maximum':
      return `must be at most ${String(params['limit'])}`;
    case 'minLength':
      return params['limit'] === 1 ? 'must not be empty' : `must have at least ${String(params['limit'])} characters`;
    case 'minProperties':
    case 'minItems':
      return `must have at least ${entries(params['limit'])}`;
    case 'maxItems':
      return `must have at most ${entries(params['limit'])}`;
    case 'format':
      return params['format'] === 'date-time' ? 'must be a time such as 2030-01-31T12:00:00Z' : message;
    case 'pattern':
      return params['pattern'] === HTTP_URL ? 'must be a URL that begins with http:// or https://' : message;
    default:
      return message;
  }
}

const HTTP_URL = '^https?://[^\\s/]';

function entries(limit: unknown): string {
  return limit === 1 ? '1 entry' : `${String(limit)} entries`;
}

/** Escapes one reference token (RFC 6901, section 3). */
export function escaped(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}
