import { keySet } from '../../key-set.ts';
import type { KeySet } from '../../key-set.ts';

/** Ids of turns that nothing can change any more, at a dozen bytes each. */
export interface Settled {
  has(id: string): boolean;
  /** `ts`: epoch seconds. */
  add(id: string, ts: number): void;
  size(): number;
  /** Lets go of ids that are all older, a part of the horizon later at the latest. */
  prune(horizonTs: number): void;
  clear(): void;
}

const PARTS = 6;

export function openSettled(horizonS: number): Settled {
  const partS = horizonS / PARTS;
  const parts = new Map<number, KeySet>();
  return {
    has: (id) => [...parts.values()].some((part) => part.has(id)),
    add: (id, ts) => {
      const at = Math.floor(ts / partS);
      const part = parts.get(at) ?? keySet();
      part.add(id);
      parts.set(at, part);
    },
    size: () => [...parts.values()].reduce((sum, part) => sum + part.size, 0),
    prune: (horizonTs) => {
      for (const at of parts.keys()) if ((at + 1) * partS <= horizonTs) parts.delete(at);
    },
    clear: () => parts.clear(),
  };
}
