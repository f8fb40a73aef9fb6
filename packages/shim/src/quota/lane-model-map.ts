/** Values by lane and model. Two maps: a key joined of both would be made, and hashed, at every look. */
export class LaneModelMap<Value> {
  readonly #lanes = new Map<string, Map<string, Value>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(lane: string, model: string): Value | undefined {
    return this.#lanes.get(lane)?.get(model);
  }

  set(lane: string, model: string, value: Value): void {
    let models = this.#lanes.get(lane);
    if (models === undefined) this.#lanes.set(lane, (models = new Map()));
    if (!models.has(model)) this.#size += 1;
    models.set(model, value);
  }

  clear(): void {
    this.#lanes.clear();
    this.#size = 0;
  }
}
