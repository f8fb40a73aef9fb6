// The sums of usage logs as DuckDB finds them: node duckdb-sums.mjs <folder with @duckdb/node-api> <log>...
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder = '', ...files] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(join(folder, 'package.json'))('@duckdb/node-api');
const COLUMNS = `{ model: 'VARCHAR', status: 'BIGINT', reason: 'VARCHAR', input_tokens: 'BIGINT', output_tokens: 'BIGINT' }`;
const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ');

const connection = await (await DuckDBInstance.create(':memory:')).connect();
// A line that holds two objects is no JSON to it; in these logs it is never a turn.
const result = await connection.runAndReadAll(`
  SELECT model, count(*) AS turns, sum(input_tokens) AS input, sum(output_tokens) AS output
  FROM read_json([${list}], format = 'newline_delimited', ignore_errors = true, columns = ${COLUMNS})
  WHERE status IS NOT NULL AND status <> -1 AND reason <> 'streaming' GROUP BY model`);
const sums = Object.fromEntries(
  result
    .getRowObjects()
    .map(({ model, turns, input, output }) => [
      model,
      { turns: Number(turns), input: Number(input), output: Number(output) },
    ]),
);
console.log(JSON.stringify({ sums }));
