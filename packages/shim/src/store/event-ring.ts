export interface StoredEvent {
  readonly seq: number;
  /** The JSON text of the line. */
  readonly line: string;
}

/** The newest usage events, for readers of `/v1/events` who come back after a gap. */
export class EventRing {
  readonly #events: StoredEvent[] = [];
  readonly #readers = new Set<(events: readonly StoredEvent[]) => void>();
  readonly #size: number;

  constructor(size = 5_000) {
    this.#size = size;
  }

  push(events: readonly StoredEvent[]): void {
    // One by one: a large batch spread over arguments overflows the stack.
    for (const event of events) this.#events.push(event);
    if (this.#events.length > this.#size * 1.2) this.#events.splice(0, this.#events.length - this.#size);
    for (const reader of this.#readers) reader(events);
  }

  /** Events after `seq`; `complete` is false when some were already forgotten. */
  after(seq: number): { readonly events: readonly StoredEvent[]; readonly complete: boolean } {
    const first = this.#events[0]?.seq ?? seq + 1;
    return { events: this.#events.filter((event) => event.seq > seq), complete: first <= seq + 1 };
  }

  follow(reader: (events: readonly StoredEvent[]) => void): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }
}
