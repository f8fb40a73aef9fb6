// One process: adds up the completions of the shim's usage logs with the tracker's scan and its walk over JSON.
import { openScan } from '../../packages/tracker/dist/sources/scan/scan.js';
import { keyNamed, numberIn } from '../../packages/tracker/dist/sources/scan/json-scalar.js';
import { numberEnd, valueEnd, walkObject } from '../../packages/tracker/dist/sources/scan/json-walk.js';

const [folder] = process.argv.slice(2);
const sums = { input: 0, output: 0, cacheWrite: 0, cacheRead: 0 };
let requests = 0;
const keys = [
  ['input', keyNamed('input_tokens')],
  ['output', keyNamed('output_tokens')],
  ['cacheWrite', keyNamed('cache_write_tokens')],
  ['cacheRead', keyNamed('cache_read_tokens')],
];
const member = (bytes, key, at, end) => {
  for (const [kind, isKey] of keys) {
    if (!isKey(bytes, key)) continue;
    const after = numberEnd(bytes, at, end);
    if (after > 0) sums[kind] += numberIn(bytes, at, after);
    return after;
  }
  return valueEnd(bytes, at, end);
};
const scan = openScan({
  roots: () => [folder],
  accepts: (name) => name.endsWith('.jsonl'),
  markers: ['"event":"completion"'],
});
const { files, lines, bytes, problems } = scan.tick({
  line: (_, { bytes: text, start, end }) => {
    requests += 1;
    return walkObject(text, start, end, member) === end ? null : 'it is no JSON object';
  },
  begins: () => undefined,
  gone: () => undefined,
});
console.log(JSON.stringify({ files, lines, bytes, requests, problems: problems.length, sums }));
