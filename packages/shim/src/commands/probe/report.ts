import type { Line } from '../text/line.ts';
import { ABSENT } from '../text/numbers.ts';
import { table, type Column } from '../text/table.ts';
import type { Measured, MeterFit, ProbePlan, Reading } from './measure.ts';

export function measuredJson(
  { lane, model }: ProbePlan,
  { readings, fits, stopped }: Measured,
): Record<string, unknown> {
  return {
    lane,
    model,
    stopped,
    readings,
    fits: fits.map((fit) => ({
      meter: fit.meter,
      capacity_tokens: fit.capacityTokens,
      low: fit.low,
      high: fit.high,
      rel_error: fit.relError,
      pairs: fit.pairs,
      discarded: fit.discarded,
    })),
  };
}

export function measuredLines(measured: Measured, width: number): Line[] {
  return [
    ...table(readingColumns(measured), measured.readings, width),
    [],
    ...table(FIT_COLUMNS, measured.fits, width),
  ];
}

/** One line while it goes on. */
export function readingText({ request, tokens, used }: Reading, { requests }: ProbePlan): string {
  const meters = Object.entries(used).map(([meter, share]) => `${meter} ${share4(share)}`);
  return `${request} of ${requests} requests, ${amount(tokens)} tokens; ${meters.join(', ')}`;
}

function readingColumns({ fits }: Measured): Column<Reading>[] {
  return [
    { head: 'REQUEST', cell: ({ request }) => ({ text: String(request) }), align: 'right', rank: 0 },
    { head: 'TOKENS', cell: ({ tokens }) => ({ text: amount(tokens) }), align: 'right', rank: 0 },
    ...fits.map(({ meter }): Column<Reading> => ({
      head: meter,
      cell: ({ used }) => ({ text: share4(used[meter]) }),
      align: 'right',
      rank: 0,
    })),
  ];
}

const FIT_COLUMNS: readonly Column<MeterFit>[] = [
  { head: 'WINDOW', cell: ({ meter }) => ({ text: meter, tone: 'bold' }), rank: 0 },
  { head: 'HOLDS (TOKENS)', cell: (fit) => ({ text: amount(fit.capacityTokens) }), align: 'right', rank: 0 },
  { head: 'AT LEAST', cell: ({ low }) => ({ text: amount(low) }), align: 'right', rank: 0 },
  { head: 'AT MOST', cell: ({ high }) => ({ text: amount(high) }), align: 'right', rank: 0 },
  { head: 'PAIRS', cell: ({ pairs }) => ({ text: String(pairs.length) }), align: 'right', rank: 1 },
  { head: 'DISCARDED', cell: ({ discarded }) => ({ text: String(discarded) }), align: 'right', rank: 2 },
];

function share4(share: number | undefined): string {
  return share === undefined ? ABSENT : `${Number((share * 100).toFixed(4))}%`;
}

function amount(tokens: number | null): string {
  return tokens === null ? ABSENT : Math.round(tokens).toLocaleString('en-US');
}
