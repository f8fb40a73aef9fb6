import { LaneModelMap } from './lane-model-map.ts';
import type { Minute } from './minute-table.ts';
import { Series, type Spans } from './series.ts';

/** All series of this process. Who names the models keeps their number bounded. */
export class Ledger {
  readonly #series = new LaneModelMap<Series>();
  readonly #all: Series[] = [];
  readonly #byModel = new Map<string, Series[]>();
  #spans: Spans;

  constructor(spans: Spans) {
    this.#spans = spans;
  }

  series(lane: string, model: string): Series {
    const known = this.#series.get(lane, model);
    if (known !== undefined) return known;
    const made = new Series(lane, model, this.#spans);
    this.#series.set(lane, model, made);
    this.#all.push(made);
    this.#byModel.set(model, [...this.ofModel(model), made]);
    return made;
  }

  /** The series of one model, on every lane. */
  ofModel(model: string): readonly Series[] {
    return this.#byModel.get(model) ?? [];
  }

  all(): readonly Series[] {
    return this.#all;
  }

  /** Every minute that is known of, for a store that has lost them. */
  *minutes(): Generator<Minute & { readonly lane: string; readonly model: string }> {
    for (const series of this.#all) {
      for (const minute of series.minutes()) yield { ...minute, lane: series.lane, model: series.model };
    }
  }

  get size(): number {
    return this.#series.size;
  }

  /** Puts back what former runs have counted. */
  restore(minutes: Iterable<Minute & { readonly lane: string; readonly model: string }>): void {
    const bySeries = new Map<Series, Minute[]>();
    for (const minute of minutes) {
      const series = this.series(minute.lane, minute.model);
      const own = bySeries.get(series);
      if (own === undefined) bySeries.set(series, [minute]);
      else own.push(minute);
    }
    for (const [series, own] of bySeries) series.restore(own);
  }

  respan(spans: Spans): void {
    if (spans.rollingS === this.#spans.rollingS && spans.weeklyS === this.#spans.weeklyS) return;
    this.#spans = spans;
    for (const series of this.#all) series.respan(spans);
  }
}
