/** A line longer than this is cut: only what git itself writes has to be read whole, and that is short. */
const MOST_KEPT = 64 * 1024;

/** Pieces of a stream between two bytes of one value, as bytes of one character each. The last one may have no end. */
export async function* pieces(stream: AsyncIterable<Buffer>, end: number, most = MOST_KEPT): AsyncGenerator<string> {
  let open = '';
  let isOpen = false;
  for await (const chunk of stream) {
    let from = 0;
    for (let at = chunk.indexOf(end); at !== -1; at = chunk.indexOf(end, from)) {
      yield open + chunk.toString('latin1', from, Math.min(at, from + most - open.length));
      open = '';
      isOpen = false;
      from = at + 1;
    }
    if (from === chunk.length) continue;
    isOpen = true;
    if (open.length < most) open += chunk.toString('latin1', from, Math.min(chunk.length, from + most - open.length));
  }
  if (isOpen) yield open;
}

export const LINE_END = 0x0a;
export const NUL = 0x00;

/** The text whose UTF-8 bytes these are. */
export function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
