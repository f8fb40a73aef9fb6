/**
 * Every way an exchange can fail inside the shim: what the client is told, whether another lane may be tried before the
 * first byte, and whose fault it is. The error types are those of Anthropic's API, because clients act on them.
 */
export const FAILURES = {
  invalid_json: { status: 400, type: 'invalid_request_error', tryNext: false, blame: 'client' },
  body_too_large: { status: 413, type: 'request_too_large', tryNext: false, blame: 'client' },
  body_incomplete: { status: 400, type: 'invalid_request_error', tryNext: false, blame: 'client' },
  unsupported_encoding: { status: 415, type: 'invalid_request_error', tryNext: false, blame: 'client' },
  unknown_path: { status: 404, type: 'not_found_error', tryNext: false, blame: 'client' },
  method_not_allowed: { status: 405, type: 'invalid_request_error', tryNext: false, blame: 'client' },
  bad_query: { status: 400, type: 'invalid_request_error', tryNext: false, blame: 'client' },
  bad_config: { status: 400, type: 'invalid_request_error', tryNext: false, blame: 'client' },
  forbidden_origin: { status: 403, type: 'permission_error', tryNext: false, blame: 'client' },
  wrong_key: { status: 401, type: 'authentication_error', tryNext: false, blame: 'client' },
  quota_blocked: { status: 429, type: 'rate_limit_error', tryNext: true, blame: 'shim' },
  no_history: { status: 503, type: 'api_error', tryNext: false, blame: 'shim' },
  no_usable_lane: { status: 503, type: 'api_error', tryNext: false, blame: 'shim' },
  shutting_down: { status: 503, type: 'overloaded_error', tryNext: false, blame: 'shim' },
  connect_failed: { status: 502, type: 'api_error', tryNext: true, blame: 'upstream' },
  connect_timeout: { status: 504, type: 'timeout_error', tryNext: true, blame: 'upstream' },
  reset_before_answer: { status: 502, type: 'api_error', tryNext: true, blame: 'upstream' },
  header_timeout: { status: 504, type: 'timeout_error', tryNext: true, blame: 'upstream' },
  internal: { status: 500, type: 'api_error', tryNext: false, blame: 'shim' },
} as const;

export type FailureCode = keyof typeof FAILURES;

export interface Failure {
  readonly code: FailureCode;
  /** Says what happened and what to do, in one sentence or two. */
  readonly message: string;
  /** Extra response headers, e.g. `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function failure(code: FailureCode, message: string, headers?: Readonly<Record<string, string>>): Failure {
  return headers === undefined ? { code, message } : { code, message, headers };
}
