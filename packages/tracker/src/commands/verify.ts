import type { Command } from 'commander';
import { verifyJournals } from '../events/verify.ts';
import type { Verification } from '../events/verify.ts';
import { problemLine } from '../problem.ts';
import { bookOf, withBookOptions } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { pricesOf, withPrices } from './price-options.ts';
import type { PriceOptions } from './price-options.ts';
import { rollupChecks } from './rollup-checks.ts';
import { refuse, say, sayJson } from './told.ts';

interface Options extends BookOptions, PriceOptions {
  readonly json?: true;
}

/** `tracker verify`: is every row whole, and do the rollups follow from them? Changes nothing. */
export function addVerify(program: Command, done: (code: number) => void): void {
  const command = program
    .command('verify')
    .description('read every journal to its end and compute the rollups again; exit 1 when something is wrong')
    .option('--json', 'print counts, hashes and problems as JSON');
  withBookOptions(withPrices(command)).action((options: Options) => done(verify(options)));
}

function verify(options: Options): number {
  const { dir } = bookOf(options);
  const prices = pricesOf(options, dir);
  if (!prices.ok) return refuse(prices.problem);
  const found = verifyJournals(dir, rollupChecks(dir, prices.value));
  if (options.json) sayJson({ dir, ...found });
  else for (const line of verifyLines(dir, found)) say(line);
  if (found.problems.length > 0) return EXIT.failure;
  return found.journals.length === 0 ? EXIT.noData : EXIT.ok;
}

function verifyLines(dir: string, { journals, rollups, problems }: Verification): string[] {
  if (journals.length === 0) return [`${dir} holds no journals yet. tracker poll --watch begins them`];
  return [
    ...journals.map(({ name, counts, takenBack, acceptedSha256 }) => {
      const kinds = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
      const taken = takenBack === 0 ? '' : `, ${takenBack} taken back`;
      return `${name}: ${kinds.join(', ') || 'no rows'}${taken}  sha256 ${acceptedSha256.slice(0, 16)}`;
    }),
    ...rollups.map(({ file, state, rowsSince }) =>
      state === 'behind'
        ? `${file}: follows from the rows it was made of; ${rowsSince} came since (tracker rollup takes them in)`
        : `${file}: ${WORDS[state]}`,
    ),
    ...problems.map((problem) => `■ ${problemLine(problem)}`),
    problems.length === 0 ? 'clean' : `${problems.length} problems`,
  ];
}

const WORDS = { same: 'follows from the rows', differs: 'DIFFERS', absent: 'not written yet' } as const;
