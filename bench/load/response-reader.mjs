const LF = 0x0a;
const CR = 0x0d;

/**
 * Finds where HTTP/1.1 responses end (content-length or chunked) and hands body bytes on. Costs little: it looks at the
 * head once and then only at chunk sizes.
 */
export class ResponseReader {
  status = 0;
  /** Body bytes of the current response. */
  bodyBytes = 0;
  /** @type {((bytes: Buffer) => void) | null} */
  onBody = null;
  #head = '';
  #inBody = false;
  #chunked = false;
  #left = 0;
  /** @type {'size' | 'data' | 'end' | 'trailer'} */
  #state = 'size';
  #sizeText = '';

  /**
   * @param {Buffer} bytes
   * @returns {boolean} true when the response is complete; responses never share a chunk, since we don't pipeline
   */
  feed(bytes) {
    let at = 0;
    if (!this.#inBody) {
      const end = this.#head === '' ? bytes.indexOf('\r\n\r\n') : -1;
      if (end >= 0) {
        this.#readHead(bytes.latin1Slice(0, end));
        at = end + 4;
      } else {
        const before = this.#head.length;
        this.#head += bytes.latin1Slice();
        const joined = this.#head.indexOf('\r\n\r\n');
        if (joined < 0) return false;
        const head = this.#head.slice(0, joined);
        this.#head = '';
        this.#readHead(head);
        at = joined + 4 - before;
      }
    }
    const done = this.#chunked ? this.#feedChunks(bytes, at) : this.#feedPlain(bytes, at);
    if (done) this.#inBody = false;
    return done;
  }

  #readHead(head) {
    this.status = Number(head.slice(9, 12));
    this.bodyBytes = 0;
    this.#inBody = true;
    const length = /content-length: *(\d+)/i.exec(head);
    this.#chunked = length === null;
    this.#left = length === null ? 0 : Number(length[1]);
    this.#state = 'size';
    this.#sizeText = '';
  }

  #feedPlain(bytes, from) {
    const size = bytes.length - from;
    if (size > 0) this.#body(bytes, from, bytes.length);
    this.#left -= size;
    return this.#left <= 0;
  }

  #feedChunks(bytes, from) {
    let at = from;
    while (at < bytes.length) {
      switch (this.#state) {
        case 'size': {
          const end = bytes.indexOf(LF, at);
          this.#sizeText += bytes.latin1Slice(at, end < 0 ? bytes.length : end);
          if (end < 0) return false;
          this.#left = Number.parseInt(this.#sizeText, 16);
          this.#sizeText = '';
          this.#state = this.#left === 0 ? 'trailer' : 'data';
          at = end + 1;
          break;
        }
        case 'data': {
          const end = Math.min(bytes.length, at + this.#left);
          this.#body(bytes, at, end);
          this.#left -= end - at;
          at = end;
          if (this.#left === 0) this.#state = 'end';
          break;
        }
        case 'end':
          if (bytes[at] === LF) this.#state = 'size';
          at += 1;
          break;
        case 'trailer':
          // An empty line ends it; no server here sends trailer fields.
          if (bytes[at] === LF) return true;
          if (bytes[at] !== CR) throw new Error('trailer fields are not expected');
          at += 1;
          break;
        default:
      }
    }
    return false;
  }

  #body(bytes, from, to) {
    this.bodyBytes += to - from;
    if (this.onBody !== null) this.onBody(bytes.subarray(from, to));
  }
}
