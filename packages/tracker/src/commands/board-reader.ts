import { parseReadyz } from '@ccp/contracts';
import type { CccSnapshot, Usage, UsageEvent } from '@ccp/contracts';
import { observe } from '../flow.ts';
import type { Observed, Tracker } from '../observation.ts';
import type { Problem } from '../problem.ts';
import { boardOf, rowsOfWindow } from '../rollups/board/board-of.ts';
import type { Board, RoutingDecision } from '../rollups/board/board.ts';
import { decisionOfEvent, decisionOfSample, newestDecisions } from '../rollups/board/decisions.ts';
import { bought } from '../rollups/bought.ts';
import type { Bought } from '../rollups/bought.ts';
import { askShim } from '../sources/shim/ask-shim.ts';
import { shownUrl } from '../sources/shim/ccp-url.ts';
import { readSamples } from '../sources/shim/read-samples.ts';
import { boardRows } from './board-rows.ts';
import { journalFeed } from './journal-feed.ts';
import type { JournalFeed } from './journal-feed.ts';

export interface BoardOptions {
  /** IANA time zone. */
  readonly tz: string;
  /** Windows of this id only. */
  readonly window?: string;
}

export interface BoardReader {
  /** Asks the shim, reads on in the journals, and makes the board of this instant. */
  read(): Promise<Board>;
  /** The board of this instant from what is known already. Null: nothing was read yet. */
  again(): Board | null;
  /** Takes in one line of the shim's event stream. */
  heard(event: UsageEvent): void;
  /** The answer of the shim behind the newest board; null: none. */
  readonly usage: () => Usage | null;
}

/** How far back the turns are looked up with which a board begins. */
const DECISIONS_S = 900;

/** Boards of one tracker, one after the other; what was read before is not read again. `feed`: where others read too. */
export function boardReader(
  tracker: Tracker,
  { tz, window }: BoardOptions,
  feed: JournalFeed = journalFeed(tracker.book),
): BoardReader {
  const { clock, ccpUrl } = tracker;
  const rowsNow = boardRows(feed, () => clock() * 1000);
  let told: readonly RoutingDecision[] = [];
  let epoch: string | null = null;
  let seen: CccSnapshot | null = null;
  let version: string | null = null;
  let olderShim: readonly Problem[] = [];
  let capacity: { readonly revision: number; readonly found: readonly Bought[] } | null = null;
  let facts: Parameters<typeof boardOf>[0] | null = null;
  const make = (): Board | null => {
    if (facts === null) return null;
    return boardOf({ ...facts, decisions: [...facts.decisions, ...told], nowTs: clock() });
  };
  return {
    async read() {
      const { state, snapshot, problems } = newer(await observe(tracker), seen);
      if (state === 'live') seen = snapshot;
      const run = snapshot?.usage.epoch ?? '';
      // Once per run of the shim; from then on its events tell.
      if (state === 'live' && run !== epoch) {
        const recent = await recentDecisions(tracker);
        told = newestDecisions(recent.decisions, told);
        olderShim = recent.problems;
        version = await versionOf(tracker);
        epoch = run;
      }
      const { revision, ...rows } = rowsNow();
      if (capacity?.revision !== revision) capacity = { revision, found: bought(rowsOfWindow(rows.rows, window)) };
      facts = {
        ...rows,
        capacity: capacity.found,
        snapshot,
        state,
        shimUrl: shownUrl(ccpUrl),
        version,
        problems: [...problems, ...(state === 'live' ? olderShim : []), ...rows.problems],
        nowTs: clock(),
        tz,
        ...(window !== undefined && { window }),
      };
      return make() as Board;
    },
    again: make,
    usage: () => facts?.snapshot?.usage ?? null,
    heard: (event) => {
      told = newestDecisions(told, [decisionOfEvent(event)]);
    },
  };
}

/** While the shim is away, what was seen last goes before what is kept, if it is newer: a look keeps nothing. */
function newer(observed: Observed, seen: CccSnapshot | null): Observed {
  if (observed.state === 'live' || seen === null) return observed;
  const { snapshot: kept } = observed;
  const isNewer = kept === null || Date.parse(seen.captured_at) >= Date.parse(kept.captured_at);
  return isNewer ? { ...observed, state: 'stale', snapshot: seen } : observed;
}

/** Null: an older shim, or one that is not ready. */
async function versionOf(tracker: Tracker): Promise<string | null> {
  const told = await askShim(tracker.ccpUrl, { path: 'v1/readyz', contract: 'readyz v1', parse: parseReadyz }, tracker);
  return told.ok ? (told.value.value.version ?? null) : null;
}

/** Turns that ended lately; none from a shim that does not list them, which is an older one. */
async function recentDecisions(
  tracker: Tracker,
): Promise<{ readonly decisions: readonly RoutingDecision[]; readonly problems: readonly Problem[] }> {
  let decisions: readonly RoutingDecision[] = [];
  for await (const page of readSamples(tracker.ccpUrl, tracker.clock() - DECISIONS_S, tracker)) {
    if (!page.ok) return { decisions, problems: page.problem.code === 'older-shim' ? [page.problem] : [] };
    decisions = newestDecisions(decisions, page.value.samples.map(decisionOfSample));
  }
  return { decisions, problems: [] };
}
