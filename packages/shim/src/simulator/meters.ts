import type { KeyLimitScript, MeterScript, TokenUsage, WindowScript } from './script.ts';

/** The subscription windows a provider reports on every good answer; they move with the tokens it sends. */
export class Meters {
  private readonly windows: Window[];
  private readonly enforce: boolean;

  constructor(script: MeterScript, nowMs: number) {
    this.enforce = script.enforce ?? false;
    this.windows = [];
    if (script.five_hour) this.windows.push(new Window('5h', 'five_hour', script.five_hour, nowMs));
    if (script.seven_day) this.windows.push(new Window('7d', 'seven_day', script.seven_day, nowMs));
  }

  charge(usage: TokenUsage): void {
    for (const window of this.windows) window.used += window.script.per_output_token * usage.output;
  }

  /** The first full window, when the script asks for it to be enforced. */
  full(nowMs: number): { kind: 'five_hour' | 'weekly'; reset_in_s: number } | undefined {
    if (!this.enforce) return undefined;
    for (const window of this.windows) {
      window.roll(nowMs);
      if (window.used < 1) continue;
      const reset_in_s = Math.max(1, Math.ceil((window.resetMs - nowMs) / 1000));
      return { kind: window.claim === 'five_hour' ? 'five_hour' : 'weekly', reset_in_s };
    }
    return undefined;
  }

  /** `skewMs`: by how much the clock that tells the resets is ahead. */
  headers(nowMs: number, skewMs: number): string[] {
    const unified = 'anthropic-ratelimit-unified';
    const headers: string[] = [];
    let worst: Window | undefined;
    for (const window of this.windows) {
      window.roll(nowMs);
      if (worst === undefined || window.used > worst.used) worst = window;
      const name = `${unified}-${window.name}`;
      headers.push(`${name}-utilization`, String(Number(window.used.toFixed(4))));
      headers.push(`${name}-reset`, window.resetAt(skewMs), `${name}-status`, window.status());
    }
    if (worst === undefined) return headers;
    headers.push(`${unified}-status`, worst.status(), `${unified}-reset`, worst.resetAt(skewMs));
    headers.push(`${unified}-representative-claim`, worst.claim, `${unified}-fallback-percentage`, '0.5');
    return headers;
  }
}

/** An API key's limits over fixed minutes. */
export class KeyLimits {
  private readonly limits: readonly (readonly [string, number])[];
  private used: Record<string, number> = {};
  private minute = 0;

  constructor(script: KeyLimitScript) {
    const { requests, input_tokens, output_tokens } = script;
    const tokens = input_tokens === undefined || output_tokens === undefined ? undefined : input_tokens + output_tokens;
    const all = { requests, 'input-tokens': input_tokens, 'output-tokens': output_tokens, tokens };
    this.limits = Object.entries(all).flatMap(([name, limit]) => (limit === undefined ? [] : [[name, limit] as const]));
  }

  charge(usage: TokenUsage): void {
    // Cache reads do not count to a key's input limit.
    const input = usage.input + usage.cache_write_5m + usage.cache_write_1h;
    this.add({ 'input-tokens': input, 'output-tokens': usage.output, tokens: input + usage.output });
  }

  /** Counts the request itself, so the answer already shows it. */
  headers(nowMs: number, skewMs: number): string[] {
    const minute = Math.floor(nowMs / 60_000);
    if (minute !== this.minute) this.used = {};
    this.minute = minute;
    this.add({ requests: 1 });
    const reset = `${new Date((minute + 1) * 60_000 + skewMs).toISOString().slice(0, 19)}Z`;
    return this.limits.flatMap(([name, limit]) => {
      const family = `anthropic-ratelimit-${name}`;
      const left = Math.max(0, limit - (this.used[name] ?? 0));
      return [`${family}-limit`, String(limit), `${family}-remaining`, String(left), `${family}-reset`, reset];
    });
  }

  private add(used: Readonly<Record<string, number>>): void {
    for (const [name, count] of Object.entries(used)) this.used[name] = (this.used[name] ?? 0) + count;
  }
}

const lengthMs = { '5h': 18_000_000, '7d': 604_800_000 } as const;
const WARNS_FROM = 0.8;

class Window {
  readonly name: '5h' | '7d';
  readonly claim: 'five_hour' | 'seven_day';
  readonly script: WindowScript;
  used: number;
  resetMs: number;

  constructor(name: '5h' | '7d', claim: 'five_hour' | 'seven_day', script: WindowScript, nowMs: number) {
    this.name = name;
    this.claim = claim;
    this.script = script;
    this.used = script.start;
    this.resetMs = nowMs + script.resets_in_s * 1000;
  }

  /** A window whose time has come starts empty again. */
  roll(nowMs: number): void {
    while (nowMs >= this.resetMs) {
      this.used = 0;
      this.resetMs += lengthMs[this.name];
    }
  }

  status(): string {
    if (this.used >= 1) return 'rejected';
    return this.used >= WARNS_FROM ? 'allowed_warning' : 'allowed';
  }

  resetAt(skewMs: number): string {
    return String(Math.ceil((this.resetMs + skewMs) / 1000));
  }
}
