import type { LaneState, MeterReading, ModelUsage, Usage } from '@ccp/contracts';
import type { Span, Tone } from '../text/line.ts';
import { nameShown } from '../text/printable.ts';
import type { Paper } from '../text/terminal.ts';

/** What a status is drawn on, and the moment it speaks of. */
export interface Frame extends Paper {
  /** Epoch seconds on the shim's own clock: countdowns do not depend on ours. */
  readonly nowTs: number;
}

export interface ModelRow extends ModelUsage {
  readonly model: string;
}

export interface LaneRow extends LaneState {
  readonly lane: string;
}

export type Verdict = 'ok' | 'warn' | 'block';

/** Symbol, word and tone of each verdict; the symbol and the word carry it without colour. */
export const VERDICTS = {
  ok: { mark: '● ok', tone: 'ok' },
  warn: { mark: '▲ warn', tone: 'warn' },
  block: { mark: '■ block', tone: 'block' },
} as const satisfies Record<Verdict, { mark: string; tone: Tone }>;

const SEVERITY: readonly Verdict[] = ['block', 'warn', 'ok'];

/** What needs attention first, then by name: a redrawn table keeps its order. */
export function modelRows({ models }: Usage): ModelRow[] {
  return Object.entries(models)
    .map(([model, usage]) => ({ ...usage, model }))
    .toSorted(
      (a, b) => SEVERITY.indexOf(verdictOf(a)) - SEVERITY.indexOf(verdictOf(b)) || (a.model < b.model ? -1 : 1),
    );
}

export function laneRows({ lanes }: Usage): LaneRow[] {
  return Object.entries(lanes ?? {}).map(([lane, state]) => ({ ...state, lane }));
}

export function meterRows({ meters }: Usage): readonly MeterReading[] {
  return meters ?? [];
}

export function verdictOf(row: ModelUsage): Verdict {
  if (row.flags?.block ?? row.block) return 'block';
  return (row.flags?.warn ?? row.warn) ? 'warn' : 'ok';
}

export function modelName({ model }: { readonly model: string }): Span {
  return { text: nameShown(model), tone: 'bold' };
}
