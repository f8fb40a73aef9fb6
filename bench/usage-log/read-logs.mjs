// What the tracker's reader makes of the logs below a folder: sums per model and the number of problems, as JSON. A program of
// its own, so that what is timed is the reader.
import { readArchive } from '../../packages/tracker/dist/sources/ccp-archive/read-archive.js';

const [, , root] = process.argv;
if (root === undefined || root.startsWith('-')) {
  console.log('Usage: node bench/usage-log/read-logs.mjs <folder that holds logs/>      (build first)');
  process.exitCode = root === '--help' ? 0 : 2;
} else await read(root);

async function read(folder) {
  const sums = new Map();
  const reading = readArchive([folder]);
  let next = await reading.next();
  for (; next.done !== true; next = await reading.next()) addUp(next.value.turns, sums);
  const problems = next.value.files.flatMap((file) => file.problems).length;
  const rss_mb = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ sums: Object.fromEntries(sums), problems, rss_mb }));
}

function addUp(turns, sums) {
  for (let nth = 0; nth < turns.length; nth += 1) {
    const model = turns.modelOf(nth);
    let sum = sums.get(model);
    if (sum === undefined) sums.set(model, (sum = { turns: 0, input: 0, output: 0 }));
    sum.turns += 1;
    sum.input += turns.inputTokensOf(nth);
    sum.output += turns.outputTokensOf(nth);
  }
}
