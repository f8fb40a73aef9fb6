/** An error in Anthropic's shape. */
export interface ErrorFields {
  type: string;
  message: string;
}

/** `{"type":"error","error":{...},"request_id":...}`; the id is left out when the provider sent none. */
export function errorBody(error: ErrorFields, requestId: string | undefined): string {
  return JSON.stringify({ type: 'error', error, ...(requestId === undefined ? {} : { request_id: requestId }) });
}

/** What the provider calls a failure of this status. Source: https://docs.claude.com/en/api/errors */
export function errorFields(status: number, given: Partial<ErrorFields> = {}): ErrorFields {
  const type = given.type ?? typesByStatus[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  return { type, message: given.message ?? messages[type] ?? 'The simulated provider failed as scripted' };
}

/** The status an error inside a stream stands for. */
export function statusOf(type: string): number {
  return Number(Object.entries(typesByStatus).find(([, name]) => name === type)?.[0] ?? 500);
}

const typesByStatus: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

const messages: Readonly<Record<string, string>> = {
  invalid_request_error: 'messages: at least one message is required',
  authentication_error: 'invalid x-api-key',
  billing_error: 'There is a problem with the billing of this account',
  permission_error: 'This credential may not use the requested resource',
  not_found_error: 'Not found',
  request_too_large: 'Request exceeds the maximum size',
  rate_limit_error: 'Too many requests; try again later',
  api_error: 'Internal server error',
  timeout_error: 'The request timed out',
  overloaded_error: 'Overloaded',
};
