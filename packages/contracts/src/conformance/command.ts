import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { UnusableInput } from '../documents.ts';
import { conform, RULES } from './conform.ts';
import type { RuleGroup, RuleResult } from './conform.ts';
import { gatewayAt } from './gateway.ts';
import { startStandInProvider } from './stand-in-provider.ts';

interface Options {
  readonly url: URL;
  readonly providerPort?: number;
  readonly only?: RuleGroup;
  readonly model: string;
  readonly apiKeyFile?: string;
  readonly header?: Readonly<Record<string, string>>;
  readonly json?: true;
}

const FAILED = 1;

/** `contracts conformance`: a running gateway against the rules, one by one. */
export function addConformance(program: Command, done: (code: number) => void): void {
  program
    .command('conformance')
    .description('try a running shim, or another gateway, against the HTTP contract and what Claude Code needs')
    .requiredOption('--url <url>', 'where the gateway listens, on this machine', gatewayUrl)
    .option(
      '--provider-port <n>',
      'play the provider on this port; the gateway has to be configured for it',
      portNumber,
    )
    .addOption(new Option('--only <group>', 'one group of rules').choices(Object.keys(RULES)))
    .option('--model <name>', 'model name in the requests', 'claude-sonnet-4-5')
    .option('--header <name:value>', 'sent with every request; may be given again', headerOf)
    .option('--api-key-file <file>', 'sent as x-ccp-key with every request')
    .option('--json', 'print the results as JSON')
    .action(async (options: Options) => done(await conformance(options)));
}

async function conformance(options: Options): Promise<number> {
  const { url, providerPort, only, model, json } = options;
  const provider = providerPort === undefined ? null : await provide(providerPort);
  try {
    const gateway = gatewayAt(url, { ...options.header, ...keyHeader(options.apiKeyFile) });
    await gateway.ask('/', { method: 'HEAD', withinMs: 5_000 }).catch((error: Error) => {
      throw new UnusableInput(`nothing answers at ${url.href} (${error.message}); start the gateway first`);
    });
    const groups = only === undefined ? (Object.keys(RULES) as RuleGroup[]) : [only];
    const results = await conform({ gateway, provider, model }, groups, json ? () => undefined : printResult);
    const count = (wanted: RuleResult['result']): number => results.filter(({ result }) => result === wanted).length;
    const sums = { passed: count('pass'), failed: count('fail'), not_tried: count('not-tried') };
    if (json) print(JSON.stringify({ ok: sums.failed === 0, url: url.href, ...sums, rules: results }, null, 2));
    else print(`${sums.passed} hold, ${sums.failed} do not, ${sums.not_tried} not tried`);
    return sums.failed === 0 ? 0 : FAILED;
  } finally {
    await provider?.close();
  }
}

function provide(port: number): ReturnType<typeof startStandInProvider> {
  return startStandInProvider(port).catch((error: NodeJS.ErrnoException) => {
    throw new UnusableInput(`--provider-port ${port} can't be used (${error.code ?? error.message}); name a free one`);
  });
}

const MARKS: Readonly<Record<RuleResult['result'], string>> = { pass: 'ok  ', fail: 'FAIL', 'not-tried': '-   ' };
const ID_WIDTH = 42;

function printResult({ id, says, result, seen }: RuleResult): void {
  print(`${MARKS[result]}  ${id.padEnd(ID_WIDTH)} ${says}`);
  if (result === 'fail') print(`      ${seen}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function keyHeader(file: string | undefined): Readonly<Record<string, string>> {
  if (file === undefined) return {};
  try {
    return { 'x-ccp-key': readFileSync(file, 'utf8').trim() };
  } catch (error) {
    throw new UnusableInput(`--api-key-file ${file} can't be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function headerOf(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Give it as name:value.');
  return { ...before, [name]: value };
}

/** Only this machine: requests of these rules are made to break things. */
function gatewayUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHere = url !== null && url.protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (!isHere) throw new InvalidArgumentError('Give an address of this machine, such as http://127.0.0.1:8082.');
  return url;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('Give a port from 1 to 65535.');
  return port;
}
