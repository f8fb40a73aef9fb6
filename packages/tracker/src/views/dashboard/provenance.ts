import type { Board, Provenance } from '../../rollups/board/board.ts';
import type { History } from '../../rollups/history/history.ts';
import type { Source } from './figure.ts';

/** Where a figure comes from. */
export interface Origin {
  readonly source: string;
  readonly observed_at: string | null;
  readonly age_s: number | null;
  readonly confidence: string | null;
  readonly rows: number | null;
  /** How it is computed, in one sentence. */
  readonly how: string;
  /** What prints its rows in a terminal, and what asks the page's server for them. */
  readonly command: string | null;
  readonly rowsQuery: string | null;
}

/** What a person should know before trusting the number at a path. */
export function originOf(source: Source, path: string, documents: { board: Board; history: History | null }): Origin {
  return source === 'board' ? ofBoard(documents.board, path) : ofHistory(documents.history, path);
}

function ofBoard(board: Board, path: string): Origin {
  const [part, index = '', , deeper = ''] = path.split('.');
  const { provenance } = board;
  if (part === 'meters') {
    const meter = board.meters[Number(index)];
    const others = meter?.others.length ?? 0;
    return {
      source: meter?.source ?? provenance.readings.source,
      observed_at: meter?.observed_at ?? null,
      age_s: meter?.age_s ?? null,
      confidence: meter?.confidence ?? null,
      rows: 1 + others,
      how: METER_WORDS[path.split('.').slice(2).join('.')] ?? 'The reading of this bar that is trusted most.',
      command: meter === undefined ? null : `tracker explain meter ${meter.provider}`,
      rowsQuery: meter === undefined ? null : `of=meter&provider=${encodeURIComponent(meter.provider)}`,
    };
  }
  if (part === 'overview' || part === 'speeds' || part === 'shim')
    return told(provenance.shim, SHIM_WORDS[part] ?? '', { command: 'tracker poll --once --json' });
  if (part === 'routing')
    return index === 'decisions'
      ? told(provenance.decisions, 'Told by the shim when the turn was decided, and again when it ended.', TURNS)
      : told(provenance.shim, 'Counted by the shim since its counters began.', {});
  if (part === 'windows') {
    const window = index === 'rows' ? board.windows.rows[Number(path.split('.')[2])]?.window : undefined;
    const how =
      index === 'rows'
        ? 'The newest row of this window.'
        : (PROVIDER_WORDS[deeper] ?? 'Sums over the windows whose capacity is known.');
    return window === undefined
      ? told(provenance.windows, how, { command: 'tracker report window' })
      : told(provenance.windows, how, {
          command: `tracker explain window ${window}`,
          rowsQuery: `of=window&id=${encodeURIComponent(window)}`,
        });
  }
  if (path.startsWith('outcome.churn')) return told(provenance.churn, 'Lines changed in the range of commits.', {});
  if (path.startsWith('outcome.anomalies'))
    return told(provenance.anomalies, 'Noticed when readings were compared.', {});
  if (part === 'outcome') return told(provenance.windows, 'The newest window that has one.', {});
  return told(provenance.shim, '', {});
}

function ofHistory(history: History | null, path: string): Origin {
  const part = path.split('.')[0] ?? '';
  const kept = history === null ? 0 : history.rows.turns - history.rows.unkept;
  const last = history === null ? null : history.range.until_ts;
  const isOutcome = part === 'outcomes';
  const unkept = history?.rows.unkept ?? 0;
  return {
    source: isOutcome
      ? 'windows.jsonl and churn.jsonl'
      : `windows.jsonl (${kept} turns) and /v1/usage/samples (${unkept} more)`,
    observed_at: history?.at ?? null,
    age_s: null,
    confidence: path.includes('ttft') ? 'local, within 1 %' : 'local',
    rows: history === null ? null : isOutcome ? null : history.rows.turns,
    how: `${HISTORY_WORDS[part] ?? 'Turns of the range, each exchange once.'}${last === null ? '' : ' The range ends with the span of now.'}`,
    command: isOutcome ? null : TURNS.command,
    rowsQuery: isOutcome ? null : TURNS.rowsQuery,
  };
}

const TURNS = { command: 'tracker explain turns --limit 20', rowsQuery: 'of=turns' };

function told(
  { source, observed_at, age_s, confidence, rows }: Provenance,
  how: string,
  more: { readonly command?: string; readonly rowsQuery?: string },
): Origin {
  const { command = null, rowsQuery = null } = more;
  return { source, observed_at, age_s, confidence, rows, how, command, rowsQuery };
}

const METER_WORDS: Readonly<Record<string, string>> = {
  expected_pp: 'What an even use would have taken by now: the share of the window that has passed.',
  ahead_pp: 'Used minus expected, both at the moment of the reading.',
  pace: 'Used per expected at the moment of the reading; 1 is even.',
  resets_in_s: 'Time until the reset the vendor names.',
  age_s: 'Time since the reading.',
  'buffer.headroom_pp': 'What is left before the reserve begins.',
  'buffer.need_pp': 'The upper quantile of what earlier windows took.',
  'forecast.low_pp': 'Lower end of an 80 % prediction for the reset, from how the bar moved in this window.',
  'forecast.mid_pp': 'Where the bar stands at its reset if it goes on as it did in this window.',
  'forecast.high_pp': 'Upper end of an 80 % prediction for the reset, from how the bar moved in this window.',
};

const SHIM_WORDS: Readonly<Record<string, string>> = {
  overview: 'As the shim counts it; rolling means its own rolling window.',
  speeds: 'Sums of tokens over sums of seconds in the rolling window; whole answers only.',
  shim: 'The answer of /v1/usage.',
};

const PROVIDER_WORDS: Readonly<Record<string, string>> = {
  efficiency: 'Sum of features over sum of capacity.',
  ci: "Fieller's interval with Student's t.",
  companion: 'Delta interval, inflated for leverage: always bounded.',
  e_q: 'The same, each window weighted by its quality.',
  power: 'Chance to notice a change of 0.1 with so many windows.',
  n_needed: 'Windows until the interval is ± 0.05.',
};

const HISTORY_WORDS: Readonly<Record<string, string>> = {
  totals: 'Turns of the range, each exchange once.',
  models: 'Turns of this model in the range; costs are list prices.',
  heat: 'Turns of the range by the hour in which they ended.',
  timeline: 'Turns of the range that went another way than the preferred one, or failed.',
  outcomes: 'Finished windows of the range.',
};
