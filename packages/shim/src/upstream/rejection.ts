export type RejectionKind =
  | 'five_hour'
  | 'weekly'
  | 'weekly_model'
  | 'per_minute'
  | 'request_scoped'
  | 'spend'
  | 'long_context'
  | 'overloaded'
  | 'concurrency'
  | 'balance'
  | 'plan'
  | 'bare';

export interface Rejection {
  readonly kind: RejectionKind;
  readonly scope: 'lane' | 'model' | 'request';
  readonly endsTs: number | null;
  readonly source: 'window_reset' | 'retry_after' | 'body' | 'none';
  readonly waitS: number | null;
  readonly windows: readonly { readonly meter: string; readonly resetsTs: number | null }[];
  readonly tryNext: boolean;
  readonly reason: string;
}

export function classifyRejection(answer: {
  status: number;
  headers: readonly string[];
  body: Buffer | string;
  nowTs: number;
}): Rejection | null {
  if (answer.status !== 429) return null;
  return {
    kind: 'bare',
    scope: 'model',
    endsTs: null,
    source: 'none',
    waitS: null,
    windows: [],
    tryNext: true,
    reason: 'http_429',
  };
}
