import type { IncomingHttpHeaders } from 'node:http';
import type { Act, Behaviour, Match, Rule } from './script.ts';
import { fillTurn } from './turn.ts';
import type { FilledTurn } from './turn.ts';

/** What a rule may look at. `model` is undefined before the body has been read. */
export interface Asked {
  /** As received, without query. */
  readonly path: string;
  /** Without a base path. */
  readonly endpoint: string;
  readonly headers: IncomingHttpHeaders;
  model?: string | null;
}

/** What to do, with the turn it stands on. */
export interface Decision {
  readonly act: Act;
  readonly turn: FilledTurn;
}

/** A behaviour at work: its rules with their counters. */
export class Rules {
  readonly needsBody: boolean;
  private readonly early: readonly LiveRule[];
  private readonly late: readonly LiveRule[];
  private readonly otherwise: Decision;

  constructor(behaviour: Behaviour) {
    const rules = (behaviour.rules ?? []).map((rule) => new LiveRule(rule, behaviour));
    this.otherwise = { act: { act: 'turn' }, turn: fillTurn(behaviour.turn) };
    this.early = rules.filter((rule) => rule.decision.act.act === 'slow_accept');
    this.late = rules.filter((rule) => rule.decision.act.act !== 'slow_accept');
    this.needsBody = [this.otherwise, ...rules.map((rule) => rule.decision)].some(
      ({ turn }) => turn.tool !== undefined,
    );
  }

  /** Delay before the body is read, in ms. */
  delayMs(asked: Asked): number {
    const decision = firstOf(this.early, asked);
    return decision?.act.act === 'slow_accept' ? decision.act.delay_ms : 0;
  }

  decide(asked: Asked): Decision {
    return firstOf(this.late, asked) ?? this.otherwise;
  }

  /** A rule that names the path of something other than messages; undefined lets the endpoint answer by itself. */
  decideElsewhere(asked: Asked): Decision | undefined {
    return firstOf(this.late, asked);
  }
}

const MESSAGES = '/v1/messages';

class LiveRule {
  readonly decision: Decision;
  private readonly match: Match;
  private readonly times: number;
  private readonly path: RegExp | undefined;
  private readonly model: RegExp | undefined;
  private readonly header: readonly (readonly [string, RegExp])[];
  private seen = 0;
  private used = 0;

  constructor(rule: Rule, behaviour: Behaviour) {
    this.match = rule.match ?? {};
    this.times = rule.times ?? Number.POSITIVE_INFINITY;
    this.path = this.match.path === undefined ? undefined : glob(this.match.path);
    this.model = this.match.model === undefined ? undefined : glob(this.match.model);
    this.header = Object.entries(this.match.header ?? {}).map(([name, value]) => [name.toLowerCase(), glob(value)]);
    const own = 'turn' in rule.then ? rule.then.turn : undefined;
    this.decision = { act: rule.then, turn: fillTurn(behaviour.turn, own) };
  }

  /** Counts every request that meets the conditions, whether or not an earlier rule takes it. */
  wants(asked: Asked): boolean {
    if (!this.fits(asked)) return false;
    this.seen += 1;
    const { nth, every, from = every ?? 1 } = this.match;
    if (nth !== undefined && this.seen !== nth) return false;
    return every === undefined || (this.seen >= from && (this.seen - from) % every === 0);
  }

  take(): boolean {
    if (this.used >= this.times) return false;
    this.used += 1;
    return true;
  }

  private fits(asked: Asked): boolean {
    if (this.path === undefined && asked.endpoint !== MESSAGES) return false;
    if (this.path !== undefined && !this.path.test(asked.path) && !this.path.test(asked.endpoint)) return false;
    if (this.model !== undefined && !this.model.test(asked.model ?? '')) return false;
    return this.header.every(([name, value]) => {
      const sent = asked.headers[name];
      return sent !== undefined && value.test(String(sent));
    });
  }
}

function firstOf(rules: readonly LiveRule[], asked: Asked): Decision | undefined {
  let taken: Decision | undefined;
  for (const rule of rules) {
    if (rule.wants(asked) && taken === undefined && rule.take()) taken = rule.decision;
  }
  return taken;
}

function glob(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+?^${}()|[\]\\]/gu, String.raw`\$&`).replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`, 'su');
}
