/** Finds where requests end on one connection, and the model each names. Reads nothing else. */
export class RequestReader {
  #onRequest;
  #head = '';
  /** Body bytes still to come; -1: inside the head; -2: a chunked body, until its last chunk. */
  #left = -1;
  #model = '';
  #tail = '';

  /** @param {(model: string) => void} onRequest called when a request is whole */
  constructor(onRequest) {
    this.#onRequest = onRequest;
  }

  /** @param {Buffer} chunk */
  feed(chunk) {
    if (this.#left === -1) {
      const end = chunk.indexOf('\r\n\r\n');
      this.#head += chunk.latin1Slice(0, end < 0 ? chunk.length : end);
      if (end < 0) return;
      const length = /content-length: *(\d+)/i.exec(this.#head);
      this.#left = length === null ? (/transfer-encoding: *chunked/i.test(this.#head) ? -2 : 0) : Number(length[1]);
      this.#head = '';
      this.#body(chunk.subarray(end + 4));
      return;
    }
    this.#body(chunk);
  }

  #body(bytes) {
    if (this.#model === '' && bytes.length > 0)
      this.#model = /bench-[a-z]+/.exec(bytes.latin1Slice(0, Math.min(bytes.length, 200)))?.[0] ?? '';
    if (this.#left === -2) {
      this.#tail = (this.#tail + bytes.latin1Slice(Math.max(0, bytes.length - 7))).slice(-7);
      if (!this.#tail.endsWith('\r\n0\r\n\r\n') && this.#tail !== '0\r\n\r\n') return;
    } else {
      this.#left -= bytes.length;
      if (this.#left > 0) return;
    }
    const model = this.#model;
    this.#left = -1;
    this.#model = '';
    this.#tail = '';
    this.#onRequest(model);
  }
}
