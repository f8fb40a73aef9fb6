/** A confidence set for a ratio. Every number in it is finite; what has no end says so by its kind. */
export type Interval = Bounded | Unbounded | NoInterval;

export interface Bounded {
  readonly kind: 'bounded';
  readonly lo: number;
  readonly hi: number;
}

/**
 * The data do not bound the ratio at this confidence. The shapes are those of Fieller's set (von Luxburg & Franz 2009,
 * "A geometric approach to confidence sets for ratios"); a half line is the limit between bounded and complement.
 */
export type Unbounded =
  | { readonly kind: 'unbounded'; readonly shape: 'whole-line'; readonly reason: string }
  | {
      readonly kind: 'unbounded';
      /** Everything but what lies between: at most `below`, or at least `above`. */
      readonly shape: 'complement';
      readonly below: number;
      readonly above: number;
      readonly reason: string;
    }
  | {
      readonly kind: 'unbounded';
      /** From `end` on, or up to it. */
      readonly shape: 'at-least' | 'at-most';
      readonly end: number;
      readonly reason: string;
    };

/** No statement is possible, and why. */
export interface NoInterval {
  readonly kind: 'none';
  readonly reason: string;
}

/** A share as a per cent text: 0.95 → `95 %`. */
export function percentText(share: number): string {
  return `${Number((share * 100).toFixed(4))} %`;
}

/** `1 window`, `5 windows`. */
export function windowsText(n: number): string {
  return n === 1 ? '1 window' : `${n} windows`;
}
