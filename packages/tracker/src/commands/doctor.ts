import { homedir } from 'node:os';
import type { Command } from 'commander';
import { openBook } from '../events/book.ts';
import { dataDir } from '../events/data-dir.ts';
import { systemErrorCode } from '../problem.ts';
import { DEFAULT_CCP_URL, parseCcpUrl } from '../sources/shim/ccp-url.ts';
import { VERSION } from '../version.ts';
import { folderFindings } from './doctor/data-folder.ts';
import { bad, findingLines, good, ofProblem, worstOf } from './doctor/finding.ts';
import type { Finding } from './doctor/finding.ts';
import { journalFindings } from './doctor/journals.ts';
import { shimFindings } from './doctor/running-shim.ts';
import { nodeFinding, surroundingFindings } from './doctor/surroundings.ts';
import { EXIT } from './exit-codes.ts';
import { pricesOf, withPrices } from './price-options.ts';
import type { PriceOptions } from './price-options.ts';
import { draw, sayJson } from './told.ts';
import { withTrackerOptions } from './tracker-options.ts';
import type { TrackerOptions } from './tracker-options.ts';

interface Options extends PriceOptions, TrackerOptions {
  readonly json?: true;
}

/** `tracker doctor`: the whole way from the shim to the journals, and what to do where it is blocked. Changes nothing. */
export function addDoctor(program: Command, done: (code: number) => void): void {
  const command = program
    .command('doctor')
    .description('check everything the tracker depends on, and say what to do; exit 1 when something has to be mended')
    .option('--json', 'print it as JSON');
  withTrackerOptions(withPrices(command)).action(async (options: Options) => done(await doctor(options)));
}

async function doctor(options: Options): Promise<number> {
  const findings = await examine(options);
  const worst = worstOf(findings);
  if (options.json) sayJson({ ok: worst !== 'bad', version: VERSION, node: process.version, findings });
  else draw((width) => findingLines(findings, width));
  return worst === 'bad' ? EXIT.failure : EXIT.ok;
}

/** Everything, in the order in which a turn comes by. A check that fails stops no other. */
async function examine(options: Options): Promise<Finding[]> {
  const dir = dataDir(options.dataDir, process.env, homedir());
  const url = parseCcpUrl(options.ccpUrl ?? (process.env['CCP_BASE_URL'] || DEFAULT_CCP_URL));
  return [
    nodeFinding(process.versions.node),
    ...(url.ok ? await shimFindings(url.value) : [ofProblem('shim', 'bad', url.problem)]),
    ...looked('data', () => folderFindings(dir)),
    ...looked('journals', () => journalFindings(openBook(dir), Date.now() / 1000)),
    ...looked('prices', () => [priceFinding(options, dir)]),
    ...looked('shell', () => surroundingFindings(process.env, homedir())),
  ];
}

function priceFinding(options: Options, dir: string): Finding {
  const prices = pricesOf(options, dir);
  return prices.ok
    ? good('prices', `list prices of ${prices.value.version}`)
    : ofProblem('prices', 'bad', prices.problem);
}

/** What the system refuses while looking is a finding too. */
function looked(check: string, look: () => Finding[]): Finding[] {
  try {
    return look();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === undefined) throw error;
    return [bad(check, `it cannot be looked at (${code})`, 'check the rights of the folder and what is above it')];
  }
}
