import type { Gateway } from './gateway.ts';
import type { StandInProvider } from './stand-in-provider.ts';

/** What a rule is tried on. */
export interface Subject {
  readonly gateway: Gateway;
  /** The provider behind the gateway, played by us; null: the gateway was not configured for one. */
  readonly provider: StandInProvider | null;
  /** Model name used in requests. */
  readonly model: string;
}

/** One thing a gateway has to do. Throws {@link Broken} where it does not. */
export interface Rule {
  /** Stays the same between versions: reports are compared by it. */
  readonly id: string;
  readonly says: string;
  readonly needsProvider: boolean;
  readonly check: (subject: Subject) => Promise<void>;
}

/** A rule with a provider behind the gateway. */
export function behind(
  id: string,
  says: string,
  check: (gateway: Gateway, provider: StandInProvider, model: string) => Promise<void>,
): Rule {
  return {
    id,
    says,
    needsProvider: true,
    check: async ({ gateway, provider, model }) => {
      if (provider === null) throw new Error(`${id} was tried without a provider`);
      await check(gateway, provider, model);
    },
  };
}

/** A rule about what the gateway answers by itself. */
export function alone(id: string, says: string, check: (gateway: Gateway) => Promise<void>): Rule {
  return { id, says, needsProvider: false, check: ({ gateway }) => check(gateway) };
}

/** What was seen instead; the message is for people. */
export class Broken extends Error {
  override readonly name = 'Broken';
}

export function expectSame(what: string, seen: unknown, wanted: unknown): void {
  if (seen !== wanted) throw new Broken(`${what} is ${shown(seen)}, not ${shown(wanted)}`);
}

export function expectThat(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Broken(otherwise);
}

const LONGEST = 120;

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'absent');
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
