import { parseSamples } from '@ccp/contracts';
import type { UsageSample } from '@ccp/contracts';
import type { Outcome, Problem } from '../../problem.ts';
import { askShim } from './ask-shim.ts';
import type { AskOptions } from './ask-shim.ts';

/** Largest page the shim gives. */
const PAGE = 5_000;

/** One page of finished turns, oldest first. */
export interface SamplesPage {
  readonly samples: readonly UsageSample[];
  /** What the shim's clock said, epoch seconds. */
  readonly shimTs: number;
  /** When the answer was complete by our clock, epoch seconds. */
  readonly receivedTs: number;
  /** The row the shim had stored last when it answered; null: an older shim, which does not say. */
  readonly writtenTo: number | null;
}

/**
 * The finished turns the shim still keeps from `sinceTs` on (epoch seconds), page by page, oldest first; with
 * `writtenAfter` also earlier ones that were stored after that row. Ends with the
 * first problem; a shim without this surface is `older-shim`.
 */
export async function* readSamples(
  base: URL,
  sinceTs: number,
  options: AskOptions,
  writtenAfter: number | null = null,
): AsyncGenerator<Outcome<SamplesPage>> {
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ since: String(sinceTs), limit: String(PAGE) });
    if (cursor !== null) query.set('cursor', cursor);
    if (writtenAfter !== null) query.set('written_after', String(writtenAfter));
    const question = { path: `v1/usage/samples?${query.toString()}`, contract: 'samples v1', parse: parseSamples };
    const told = await askShim(base, question, options);
    if (!told.ok) {
      yield { ok: false, problem: told.problem.code === 'shim-answered-404' ? older(base) : told.problem };
      return;
    }
    const { value, receivedTs } = told.value;
    const samples = Object.values(value.models).flat();
    samples.sort((a, b) => a.ts - b.ts || (a.rid < b.rid ? -1 : 1));
    yield { ok: true, value: { samples, shimTs: value.ts, receivedTs, writtenTo: value.written_to ?? null } };
    // A shim that says the same again would keep us for ever.
    const next: string | null = value.next_cursor ?? null;
    cursor = next === cursor ? null : next;
  } while (cursor !== null);
}

function older(base: URL): Problem {
  return {
    code: 'older-shim',
    message: `the shim at ${base.host} does not list its turns, so they are not recorded`,
    remedy: 'Upgrade the shim to keep them',
  };
}
