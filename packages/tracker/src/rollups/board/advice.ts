import { advise } from '../advice/advise.ts';
import type { Advice } from '../advice/advise.ts';
import { factsOf } from '../advice/facts-of.ts';
import type { Bought } from '../bought.ts';
import type { Overview } from '../overview.ts';
import type { MeterStanding } from '../standing.ts';
import type { Problem } from '../../problem.ts';
import type { Board, BoardAdvice, Hint } from './board.ts';

export interface AdviceInput {
  readonly state: Board['state'];
  readonly shimUrl: string;
  readonly overview: Overview | null;
  readonly standings: readonly MeterStanding[];
  readonly bought: readonly Bought[];
  readonly problems: readonly Problem[];
  readonly hasChurn: boolean;
}

/** The sentence to follow: what holds a window back first, then what is not known, then go. Without any, what is missing. */
export function boardAdvice(input: AdviceInput): BoardAdvice {
  const all = advise(factsOf(input.standings, input.bought));
  const hints = hintsOf(input);
  const [hint] = hints;
  const worst = (['hold', 'unknown', 'go'] as const).flatMap((stance) => all.filter((one) => one.stance === stance))[0];
  // While nothing answers, that is what to mend, whatever older numbers say.
  const missing = input.state === 'live' && worst !== undefined ? undefined : hint;
  return {
    sentence: missing?.sentence ?? worst?.sentence ?? 'Nothing is missing.',
    stance: missing === undefined ? (worst?.stance ?? 'unknown') : 'unknown',
    all,
    next: missing?.next ?? NEXT[worst?.stance ?? 'unknown'],
    hints,
  };
}

const NEXT = {
  go: 'tracker guard --need 6pp',
  hold: 'tracker explain meter',
  unknown: 'tracker explain meter',
} as const satisfies Record<Advice['stance'], string>;

/** What is missing, in the order in which it is needed. */
function hintsOf(input: AdviceInput): readonly Hint[] {
  const { state, shimUrl, overview, standings, bought, problems } = input;
  const hints: Hint[] = [];
  const say = (part: Hint['part'], sentence: string, next: string): void => void hints.push({ part, sentence, next });
  const port = URL.canParse(shimUrl) ? new URL(shimUrl).port : '';
  const serve = port === '' || port === '8082' ? 'shim serve' : `shim serve --port ${port}`;
  if (state === 'none') say('shim', `No shim answers at ${shimUrl}, and no earlier reading is kept.`, serve);
  if (state === 'stale') say('shim', `No shim answers at ${shimUrl}; what is shown is the last that was kept.`, serve);
  const older = problems.find(({ code }) => code === 'older-shim');
  if (older !== undefined) say('shim', `${older.message}.`, 'npx -y pnpm@10.34.9 start');
  const agent = `export ANTHROPIC_BASE_URL=${shimUrl}`;
  if (overview !== null && overview.models.length === 0) {
    say('speeds', 'No request yet. In the shell of your agent:', agent);
  }
  if (standings.length === 0) {
    say(
      'quotas',
      "No vendor's bar is known yet. Paste what /usage prints:",
      'tracker ingest claude --window W0-01 --stdin',
    );
  }
  if (overview !== null && overview.models.length > 0 && overview.quotas.length === 0) {
    say('quotas', 'No model has a cap of your own.', 'shim serve --quotas FILE');
  }
  if (overview !== null && overview.lanes.length === 0) {
    say('routing', 'The shim tells of no lane.', 'shim providers');
  }
  if (overview !== null && gatedLanes(overview).length > 0) {
    say('license', 'A lane waits for a license, and none that carries it is in use.', 'shim license status');
  }
  if (bought.length === 0) {
    say('windows', 'No window is finished yet. Begin one:', 'tracker alias start claude');
  }
  if (bought.length > 0 && !input.hasChurn) {
    say('outcome', 'No changed lines are counted yet.', 'tracker churn');
  }
  return hints;
}

export function gatedLanes({ lanes }: Overview): Board['gated_lanes'] {
  return lanes
    .filter(({ usable, reason }) => !usable && reason.startsWith('license_block'))
    .map(({ lane, reason }) => ({ lane, reason }));
}
