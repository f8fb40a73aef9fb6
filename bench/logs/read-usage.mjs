// One process: adds up the turns of the shim's usage logs with the reader of `tracker backfill --ccp-root`.
import { readArchive } from '../../packages/tracker/dist/sources/ccp-archive/read-archive.js';

const [folder] = process.argv.slice(2);
const sums = { input: 0, output: 0 };
const reading = readArchive([folder]);
let next = await reading.next();
for (; next.done !== true; next = await reading.next()) {
  const { turns } = next.value;
  for (let nth = 0; nth < turns.length; nth += 1) {
    sums.input += turns.inputTokensOf(nth);
    sums.output += turns.outputTokensOf(nth);
  }
}
console.log(JSON.stringify({ files: next.value.files.length, sums }));
