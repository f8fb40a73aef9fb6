import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import { PRIVACY_TIERS, TIER_RULES } from '@ccp/contracts';
import type { PrivacyConfig, PrivacyTier } from '@ccp/contracts';
import { replaceFile } from '../events/replace-file.ts';
import { summarise } from '../refresh-summary.ts';
import { parseEndpoint, privacyFile, readPrivacy } from '../uplink/privacy-settings.ts';
import { withBookOptions } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { wholeFrom } from './option-values.ts';
import { note, refuse, say, sayJson } from './told.ts';
import { uplinkFor } from './uplink-options.ts';

interface StatusOptions extends BookOptions {
  readonly json?: true;
}

interface SetOptions {
  readonly endpoint?: string;
  readonly keyFile?: string;
}

interface PreviewOptions extends BookOptions {
  readonly tier?: 'minimized' | 'full';
  readonly json?: true;
}

interface RetentionOptions extends BookOptions {
  readonly serverDays?: number;
  readonly sentDays?: number;
  readonly queueBytes?: number;
  readonly json?: true;
}

/** `tracker privacy status|set|preview|retention`. */
export function addPrivacy(program: Command, done: (code: number) => void): void {
  const privacy = program.command('privacy').description('what may leave this machine: nothing, unless you say so');
  const status = privacy
    .command('status')
    .description('the tier in force, and what it sends')
    .option('--json', 'print it as JSON');
  withBookOptions(status).action((options: StatusOptions) => done(show(options)));
  privacy
    .command('set')
    .description('choose how much may leave; events from before now never do')
    .addArgument(new Argument('<tier>', 'tier').choices([...PRIVACY_TIERS]))
    .option('--endpoint <url>', 'aggregator to send to')
    .option('--key-file <file>', 'file that holds its key')
    .action((tier: PrivacyTier, options: SetOptions) => done(set(tier, options)));
  const preview = privacy
    .command('preview')
    .description('print what the next upload would send, to the byte, and send nothing')
    .addOption(new Option('--tier <tier>', 'as another tier would send it').choices(['minimized', 'full']))
    .option('--json', 'print paths, headers and bodies as JSON');
  withBookOptions(preview).action(async (options: PreviewOptions) => done(await rehearse(options)));
  const retention = privacy
    .command('retention')
    .description('show or change how long copies are kept')
    .option('--server-days <n>', 'ask the aggregator to forget the content of events after this', wholeFrom(1))
    .option('--sent-days <n>', 'keep what was sent in the queue for this long, to send it again', wholeFrom(0))
    .option('--queue-bytes <n>', 'size of the queue', wholeFrom(65_536))
    .option('--json', 'print it as JSON');
  withBookOptions(retention).action(async (options: RetentionOptions) => done(await retain(options)));
}

function show(options: StatusOptions): number {
  const opened = uplinkFor(options);
  if (!opened.ok) return refuse(opened.problem);
  const { privacy, uplink, destination } = opened.value;
  const { sendsEvents, sendsSummary, requires } = TIER_RULES[privacy.tier];
  const allowed = uplink.allowed();
  const target = allowed.ok ? destination() : allowed;
  const whyNot = target.ok ? null : target.problem.message;
  if (options.json) {
    sayJson({
      tier: privacy.tier,
      tier_from: privacy.tierFrom,
      file: privacy.file,
      sends_events: sendsEvents,
      sends_summary: sendsSummary,
      requires,
      since: privacy.since,
      endpoint: privacy.endpoint?.href ?? null,
      sends: whyNot === null,
      why_not: whyNot,
    });
    return EXIT.ok;
  }
  say(`tier ${privacy.tier} (${FROM[privacy.tierFrom]})`);
  say(`  events   ${sendsEvents ? `sent to /v1/events, redacted; from ${privacy.since ?? 'now'} on` : 'stay here'}`);
  say(
    `  summary  ${sendsSummary ? `sent to /v1/metrics${privacy.tier === 'minimized' ? ', seven keys of it' : ''}` : 'stays here'}`,
  );
  say(`  needs    ${requires ?? 'nothing'}`);
  say(`  to       ${privacy.endpoint?.href ?? 'nobody'}`);
  if (whyNot !== null) say(`  ${whyNot}`);
  return EXIT.ok;
}

const FROM = { environment: 'PRIVACY_TIER', file: 'privacy.json', default: 'the default' } as const;

function set(tier: PrivacyTier, { endpoint, keyFile }: SetOptions): number {
  const current = settings();
  if (!current.ok && current.problem.code !== 'unusable-config') return refuse(current.problem);
  const url = endpoint === undefined ? null : parseEndpoint(endpoint);
  if (url?.ok === false) return refuse(url.problem);
  if (keyFile !== undefined && !existsSync(keyFile))
    return refuse({
      code: 'no-key',
      file: keyFile,
      message: `there is no file ${keyFile}`,
      remedy: 'Put the key into it first',
    });
  const before: PrivacyConfig = current.ok ? current.value.config : {};
  const file = privacyFile(process.env, homedir());
  // A tier that lets more leave than before does not reach back: what was written until now was written for less.
  const goesOn = before.tier === 'full' && before.since !== undefined;
  const since = tier === 'full' ? (goesOn ? before.since : new Date().toISOString()) : undefined;
  const { since: _since, ...rest } = before;
  const config: PrivacyConfig = {
    ...rest,
    tier,
    ...(since !== undefined && { since }),
    ...(url !== null && { endpoint: url.value.href }),
    ...(keyFile !== undefined && { key_file: resolve(keyFile) }),
  };
  const written = replaceFile(file, `${JSON.stringify(config, null, 2)}\n`);
  if (!written.ok) return refuse(written.problem);
  say(`tier ${tier}: ${file}`);
  if (process.env['PRIVACY_TIER']) say(`PRIVACY_TIER says ${process.env['PRIVACY_TIER']} here, and comes first`);
  return EXIT.ok;
}

async function rehearse(options: PreviewOptions): Promise<number> {
  const opened = uplinkFor(options);
  if (!opened.ok) return refuse(opened.problem);
  const { book, privacy, uplink } = opened.value;
  const tier = options.tier ?? privacy.tier;
  if (tier === 'local') {
    if (options.json) sayJson([]);
    process.stderr.write('note: nothing leaves this machine: the tier is local. --tier minimized shows what would\n');
    return EXIT.ok;
  }
  const summarised = summarise(book);
  if (!summarised.ok) return refuse(summarised.problem);
  const { summary, notes } = summarised.value;
  note(notes);
  const batches = await uplink.rehearse(summary, tier);
  if (!batches.ok) return refuse(batches.problem);
  if (options.json) sayJson(batches.value.map(({ path, headers, body }) => ({ path, headers, body })));
  else
    for (const { path, headers, body } of batches.value) {
      const said = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      process.stderr.write(`POST ${path} (${Buffer.byteLength(body)} bytes before gzip) ${said.join(', ')}\n`);
      say(body);
    }
  if (batches.value.length === 0) process.stderr.write('note: nothing new: everything is with the aggregator\n');
  return EXIT.ok;
}

async function retain(options: RetentionOptions): Promise<number> {
  const current = settings();
  if (!current.ok) return refuse(current.problem);
  const { serverDays, sentDays, queueBytes } = options;
  const changes = {
    ...(serverDays !== undefined && { server_days: serverDays }),
    ...(sentDays !== undefined && { sent_days: sentDays }),
    ...(queueBytes !== undefined && { queue_bytes: queueBytes }),
  };
  if (Object.keys(changes).length > 0) {
    const { file, config } = current.value;
    const changed = { ...config, retention: { ...config.retention, ...changes } };
    const written = replaceFile(file, `${JSON.stringify(changed, null, 2)}\n`);
    if (!written.ok) return refuse(written.problem);
  }
  const opened = uplinkFor(options);
  if (!opened.ok) return refuse(opened.problem);
  const { privacy, uplink } = opened.value;
  const tidied = await uplink.tidy();
  if (!tidied.ok) return refuse(tidied.problem);
  const { retention } = privacy;
  if (options.json)
    sayJson({ server_days: retention.serverDays, sent_days: retention.sentDays, queue_bytes: retention.queueBytes });
  else {
    say(`aggregator  ${retention.serverDays === null ? 'as long as it keeps events' : `${retention.serverDays} days`}`);
    say(`sent rows   ${retention.sentDays} days in the queue`);
    say(`queue       at most ${retention.queueBytes} bytes`);
    say('journals    kept: what leaves is a copy');
  }
  return EXIT.ok;
}

function settings(): ReturnType<typeof readPrivacy> {
  return readPrivacy(privacyFile(process.env, homedir()), process.env);
}
