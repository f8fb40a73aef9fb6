/** An item that can stand in one chain at a time. */
export interface Linked<T> {
  before: T | null;
  after: T | null;
}

/** A queue that anybody may leave from the middle at no cost. */
export class Chain<T extends Linked<T>> {
  #first: T | null = null;
  #last: T | null = null;

  get first(): T | null {
    return this.#first;
  }

  append(item: T): void {
    item.before = this.#last;
    item.after = null;
    if (this.#last === null) this.#first = item;
    else this.#last.after = item;
    this.#last = item;
  }

  /** Only for an item that stands in this chain. */
  remove(item: T): void {
    if (item.before === null) this.#first = item.after;
    else item.before.after = item.after;
    if (item.after === null) this.#last = item.before;
    else item.after.before = item.before;
    item.before = null;
    item.after = null;
  }
}
