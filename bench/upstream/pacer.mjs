/** Time between two events of one stream. */
const PACE_MS = 20;
/** No stream is held longer than this, whatever its client does. */
const LIMIT_EVENTS = 3000;

/**
 * Writes one event every 20 ms to each held stream. Streams are spread over the 20 ms, as independent ones would be:
 * every millisecond a twentieth of them is due.
 */
export class Pacer {
  /** @type {Set<{ socket: import('node:net').Socket, event: Buffer, left: number }>[]} */
  #slots = Array.from({ length: PACE_MS }, () => new Set());
  #next = 0;
  #beat = 0;
  #startMs = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #held = 0;

  hold(socket, event) {
    const slot = this.#slots[(this.#next = (this.#next + 1) % PACE_MS)];
    const stream = { socket, event, left: LIMIT_EVENTS };
    slot?.add(stream);
    this.#held += 1;
    socket.once('close', () => {
      if (slot?.delete(stream)) this.#held -= 1;
      if (this.#held > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
    if (this.#timer !== undefined) return;
    this.#startMs = performance.now();
    this.#beat = 0;
    this.#timer = setInterval(() => this.#catchUp(), 1);
  }

  /** Timers come late; the beats they missed are played at once, but never more than one round. */
  #catchUp() {
    const due = Math.floor(performance.now() - this.#startMs);
    this.#beat = Math.max(this.#beat, due - PACE_MS);
    for (; this.#beat < due; this.#beat += 1) {
      for (const stream of this.#slots[this.#beat % PACE_MS] ?? []) this.#write(stream);
    }
  }

  #write(stream) {
    if ((stream.left -= 1) > 0) stream.socket.write(stream.event);
    else stream.socket.destroy();
  }
}
