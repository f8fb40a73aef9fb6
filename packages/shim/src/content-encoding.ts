import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

/** The bytes without their content-encoding; null when we can't read it, it is damaged, or it grows past `limit`. */
export function inflateNow(bytes: Buffer, encoding: string, limit: number): Buffer | null {
  try {
    switch (encoding) {
      case '':
      case 'identity':
        return bytes;
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(bytes, { maxOutputLength: limit });
      case 'deflate':
        return inflateSync(bytes, { maxOutputLength: limit });
      case 'br':
        return brotliDecompressSync(bytes, { maxOutputLength: limit });
      default:
        return null;
    }
  } catch {
    return null;
  }
}
