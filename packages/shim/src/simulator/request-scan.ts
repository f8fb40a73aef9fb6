/** What the simulator needs to know of a request body. */
export interface RequestFacts {
  readonly model: string | null;
  readonly stream: boolean;
}

const HEAD_BYTES = 2048;
const TAIL_BYTES = 4096;

/**
 * Finds `model` and `stream` near either end of a body without parsing it, so that megabyte prompts cost a benchmark nothing.
 * Keys that stand only in the middle of a long body are not seen.
 */
export class RequestScan {
  private head: Buffer = NOTHING;
  private tail: Buffer = NOTHING;
  private bytes = 0;

  push(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.head.length < HEAD_BYTES) this.head = joined(this.head, chunk).subarray(0, HEAD_BYTES);
    this.tail = chunk.length >= TAIL_BYTES ? chunk : joined(this.tail, chunk);
    if (this.tail.length > TAIL_BYTES) this.tail = this.tail.subarray(-TAIL_BYTES);
  }

  facts(): RequestFacts {
    const head = this.head.toString('latin1');
    const model = modelIn(head);
    const stream = streamIn(head);
    if (this.bytes <= HEAD_BYTES || (stream && model !== null)) return { model, stream };
    const tail = this.tail.toString('latin1');
    return { model: model ?? modelIn(tail), stream: stream || streamIn(tail) };
  }
}

const NOTHING = Buffer.alloc(0);
const modelPattern = /"model"\s*:\s*("(?:[^"\\]|\\.)*")/u;
const streamPattern = /"stream"\s*:\s*true/u;

function joined(first: Buffer, second: Buffer): Buffer {
  return first.length === 0 ? second : Buffer.concat([first, second]);
}

function modelIn(latin1: string): string | null {
  const at = latin1.indexOf('"model"');
  const literal = at === -1 ? undefined : modelPattern.exec(latin1)?.[1];
  if (literal === undefined) return null;
  try {
    return JSON.parse(Buffer.from(literal, 'latin1').toString('utf8')) as string;
  } catch {
    return null;
  }
}

function streamIn(latin1: string): boolean {
  return latin1.includes('"stream"') && streamPattern.test(latin1);
}
