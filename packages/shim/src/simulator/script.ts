import type { ErrorFields } from './error-body.ts';
import type { RejectScript } from './rejections.ts';

/** What a simulated provider does: a default turn and an ordered list of exceptions. Plain JSON, so a scenario file holds it. */
export interface Behaviour {
  /** Ids, random cuts and signatures follow from it: same seed and same requests, same bytes. Default 1. */
  seed?: number;
  turn?: Turn;
  /** The first rule that matches and has `times` left decides; without one the default turn is served. */
  rules?: readonly Rule[];
  meters?: MeterScript;
  key_limits?: KeyLimitScript;
  /** Serves `GET /api/monitor/usage/quota/limit`; without it that path is unknown. */
  zai_quota?: ZaiQuotaScript;
  /**
   * Seconds by which the provider's clock is ahead (below 0: behind): `Date` and every reset it tells as a time move
   * along, waits do not. Of several each answer takes the next one, as behind a balancer whose machines disagree.
   */
  clock_skew_s?: number | readonly number[];
}

export interface Rule {
  match?: Match;
  /** How often the rule may decide. Default: without end. */
  times?: number;
  then: Act;
}

export interface Match {
  /** Glob over the path without query, as received or without a base path. Without it a rule covers `/v1/messages` only. */
  path?: string;
  /** Glob over the requested model. */
  model?: string;
  /** 1-based, counted over the requests that meet the rule's other conditions. */
  nth?: number;
  /** Every n-th of the requests that meet the rule's other conditions. */
  every?: number;
  /** With `every`: the first of them, 1-based. Default: `every` itself. */
  from?: number;
  /** Globs over header values, by lower-case name. */
  header?: Readonly<Record<string, string>>;
}

export type Act =
  | { act: 'turn'; turn?: Turn }
  | ({ act: 'reject' } & RejectScript)
  | { act: 'overloaded'; retry_after_s?: number; message?: string }
  | ({ act: 'error'; status: number; headers?: Readonly<Record<string, string>>; body?: string } & Partial<ErrorFields>)
  | ({ act: 'error_in_stream'; after_events?: number; turn?: Turn } & Partial<ErrorFields>)
  | ({ act: 'error_first'; turn?: Turn } & Partial<ErrorFields>)
  /** eof: a clean end of the answer; close: FIN inside it; reset: RST inside it. */
  | { act: 'truncate'; after_events?: number; how?: 'eof' | 'close' | 'reset'; turn?: Turn }
  | { act: 'reset_before_headers'; how?: 'close' | 'reset' }
  | { act: 'close_after_headers'; how?: 'close' | 'reset'; turn?: Turn }
  /** for_ms 0 or absent: until the client leaves. */
  | { act: 'silence'; where: SilentPlace; after_events?: number; for_ms?: number; turn?: Turn }
  /** The body stays unread for delay_ms; then the other rules decide. */
  | { act: 'slow_accept'; delay_ms: number }
  /** At least `bytes` of text deltas as fast as the client reads them. */
  | { act: 'huge'; bytes: number; turn?: Turn };

export type SilentPlace = 'before_headers' | 'after_headers' | 'mid_stream';

export interface Turn {
  /** Default: the model asked for. */
  model?: string;
  thinking_chunks?: number;
  text_chunks?: number;
  chunk_text?: string;
  /** This many tool_use blocks, whatever the request offers. */
  tools?: number;
  /** A tool call when the request offers tools and no result has come yet; text once the result is there. */
  tool?: 'first-bash' | ToolScript;
  usage?: Partial<TokenUsage>;
  /** Zeros in message_start, the real counts only in message_delta. */
  zero_start?: boolean;
  /** message_delta repeats every usage field (full) or output_tokens only. */
  delta_usage?: 'full' | 'output_only';
  /** Several message_delta events with growing, cumulative counts. */
  cumulative_deltas?: number;
  /** Between events; 0 = all at once. */
  pace_ms?: number;
  /** Request read to response head. */
  ttft_ms?: number;
  /** A ping after every n deltas; 0 = none. Default: one ping after message_start. */
  ping_every?: number;
  crlf?: boolean;
  /** false omits the `event:` lines. */
  event_names?: boolean;
  /** How the bytes are cut into socket writes; a number is a piece size in bytes. */
  split?: Split;
  content_encoding?: ContentEncoding;
  stop_reason?: string;
  no_request_id?: boolean;
  /** Raw frames put in after the n-th event (0 = first), for unknown, doubled or multi-line events. */
  extra_frames?: readonly ExtraFrame[];
  /** Event types left out, e.g. message_delta. */
  omit_events?: readonly string[];
}

export type Split = 'event' | 'byte' | 'random' | 'coalesce' | number;
export type ContentEncoding = 'gzip' | 'br' | 'deflate';

export interface ToolScript {
  name: string;
  input: Readonly<Record<string, unknown>>;
}

export interface ExtraFrame {
  after_event: number;
  frame: string;
}

/** Tokens by type. `input` excludes every cache token. */
export interface TokenUsage {
  input: number;
  output: number;
  cache_write_5m: number;
  cache_write_1h: number;
  cache_read: number;
}

export interface MeterScript {
  five_hour?: WindowScript;
  seven_day?: WindowScript;
  /** Reject with the window's own 429 once it is full. */
  enforce?: boolean;
}

export interface WindowScript {
  /** Utilization at the start, as a fraction. */
  start: number;
  /** Fraction of the window one output token uses up. */
  per_output_token: number;
  resets_in_s: number;
}

/** Per-minute limits of an API key; absent ones send no headers. */
export interface KeyLimitScript {
  requests?: number;
  input_tokens?: number;
  output_tokens?: number;
}

/** A GLM plan's windows, which fill with the tokens served. An absent cap: the plan has no such window. */
export interface ZaiQuotaScript {
  tokens_5h?: number;
  tokens_week?: number;
  /** Whole percents without the amounts behind them. */
  percent_only?: boolean;
  /** The form of the key it takes. Default raw. */
  authorization?: 'raw' | 'bearer';
}
