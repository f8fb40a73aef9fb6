import type { IncomingHttpHeaders } from 'node:http';
import type { TokenUsage, ZaiQuotaScript } from './script.ts';

/** How much of a GLM plan is used, as Z.AI tells it: counts the tokens this simulator has sent. */
export class ZaiQuota {
  private readonly script: ZaiQuotaScript;
  private readonly windows: readonly PlanWindow[];

  constructor(script: ZaiQuotaScript, nowMs: number) {
    this.script = script;
    const { tokens_5h, tokens_week } = script;
    this.windows = [
      ...(tokens_5h === undefined ? [] : [new PlanWindow({ unit: HOURS, number: 5 }, tokens_5h, nowMs)]),
      ...(tokens_week === undefined ? [] : [new PlanWindow({ unit: WEEKS, number: 1 }, tokens_week, nowMs)]),
    ];
  }

  /** Cache reads cost a plan next to nothing. */
  charge(usage: TokenUsage): void {
    const tokens = usage.input + usage.output + usage.cache_write_5m + usage.cache_write_1h;
    for (const window of this.windows) window.used += tokens;
  }

  /** The body of an answer, which is an HTTP 200 also where it says no. */
  answer(headers: IncomingHttpHeaders, nowMs: number, skewMs: number): unknown {
    const given = headers.authorization ?? '';
    const isBearer = given.startsWith('Bearer ');
    if (given === '' || isBearer !== (this.script.authorization === 'bearer'))
      return { code: 401, msg: 'token expired or incorrect', success: false };
    // Monthly calls of tools: no window of tokens, and never what a reader is after.
    const tools = { type: 'TIME_LIMIT', unit: 5, number: 1, usage: 1000, currentValue: 0, remaining: 1000 };
    const limits = this.windows.map((window) => window.shown(nowMs, skewMs, this.script.percent_only === true));
    const month = { ...tools, percentage: 0, nextResetTime: nowMs + skewMs + 30 * 86_400_000, usageDetails: [] };
    return {
      code: 200,
      msg: 'Operation successful',
      success: true,
      data: { level: 'pro', limits: [...limits, month] },
    };
  }
}

const HOURS = 3;
const WEEKS = 6;
const UNIT_MS: Readonly<Record<number, number>> = { [HOURS]: 3_600_000, [WEEKS]: 604_800_000 };

class PlanWindow {
  used = 0;
  private readonly span: { readonly unit: number; readonly number: number };
  private readonly cap: number;
  private resetMs: number;

  constructor(span: { readonly unit: number; readonly number: number }, cap: number, nowMs: number) {
    this.span = span;
    this.cap = cap;
    this.resetMs = nowMs + this.lengthMs();
  }

  shown(nowMs: number, skewMs: number, percentOnly: boolean): unknown {
    while (nowMs >= this.resetMs) {
      this.used = 0;
      this.resetMs += this.lengthMs();
    }
    const amounts = { usage: this.cap, currentValue: this.used, remaining: Math.max(0, this.cap - this.used) };
    return {
      type: 'TOKENS_LIMIT',
      ...this.span,
      ...(percentOnly ? {} : amounts),
      percentage: Math.floor((100 * this.used) / this.cap),
      nextResetTime: this.resetMs + skewMs,
    };
  }

  private lengthMs(): number {
    return this.span.number * (UNIT_MS[this.span.unit] ?? 0);
  }
}
