const use = { used: 0, cap: null, pct: 0 };
const verdict = { verdict: 'allow', reason: 'none', rolling: use, weekly: use, pending: 0, need: 0, etaClearSec: 0 };
const reservation = { verdict, estimate: {}, settle: () => null, release: () => undefined };

/** Lets everything in. */
export class Quotas {
  ledger = { restore: () => undefined, all: () => [] };
  reserve() {
    return reservation;
  }
  standing(lane) {
    return { lane, verdict, limit: null, pending: 0 };
  }
}
