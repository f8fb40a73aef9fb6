import { has } from './shape.ts';
import type { Fields, OlderShape } from './shape.ts';

const EVENTS = ['session', 'turn', 'session_end'] as const;

function eventOf({ type }: Fields): (typeof EVENTS)[number] | undefined {
  return EVENTS.find((event) => event === type);
}

/** `{type: "session" | "turn" | "session_end", …}` */
export const olderEvents: readonly OlderShape[] = [
  {
    name: 'event',
    matches: (row) => eventOf(row) !== undefined,
    toCurrent: (row) => ({ kind: eventOf(row) ?? 'turn', row: withoutNulls(row) }),
  },
];

/** `{session_id, turn_id, model, tokens_in, tokens_out}` */
export const olderGlmTurns: readonly OlderShape[] = [
  {
    name: 'turn of a GLM model',
    matches: (row) => has(row, 'turn_id', 'model', 'tokens_in', 'tokens_out'),
    toCurrent: (row) => ({ kind: 'glm_turn', row: withoutNulls(row) }),
  },
];

/** Parts of an event that are null are not there. */
function withoutNulls(row: Fields): Fields {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}
