import type { Command } from 'commander';
import { refreshSummary } from '../refresh-summary.ts';
import { healthText } from '../uplink/health.ts';
import { uploadNow } from '../upload-now.ts';
import { withBookOptions } from './book-options.ts';
import type { BookOptions } from './book-options.ts';
import { EXIT } from './exit-codes.ts';
import { amount } from './option-values.ts';
import { note, refuse, say, sayJson } from './told.ts';
import { untilStopped } from './tracker-options.ts';
import { uplinkFor } from './uplink-options.ts';

interface Options extends BookOptions {
  readonly for: number;
  readonly again?: true;
  readonly json?: true;
}

interface StatusOptions extends BookOptions {
  readonly prometheus?: true;
  readonly json?: true;
}

/** `tracker upload` and `tracker upload status`. */
export function addUpload(program: Command, done: (code: number) => void): void {
  const upload = program
    .command('upload')
    .description('send what the tier lets leave: the summary, at the tier full events too')
    .option('--for <seconds>', 'try for this long; what is left stays in the queue', amount, 30)
    .option('--again', 'offer every event of the journals again; what the aggregator has counts once')
    .option('--json', 'print what was done as JSON')
    .enablePositionalOptions();
  withBookOptions(upload).action(async (options: Options) => done(await run(options)));
  const status = upload
    .command('status')
    .description('what waits, what was sent, and why something does not leave')
    .option('--prometheus', 'print it as Prometheus text')
    .option('--json', 'print it as JSON');
  withBookOptions(status).action((options: StatusOptions) => done(show(options)));
}

async function run(options: Options): Promise<number> {
  const opened = uplinkFor(options);
  if (!opened.ok) return refuse(opened.problem);
  const { book, uplink, destination } = opened.value;
  const allowed = uplink.allowed();
  if (!allowed.ok) return refuse(allowed.problem);
  const refreshed = await refreshSummary(book);
  if (!refreshed.ok) return refuse(refreshed.problem);
  const { signal } = untilStopped();
  const { summary } = refreshed.value;
  const from = options.again ? 'start' : 'cursor';
  const sent = await uploadNow({ uplink, destination, summary, forMs: options.for * 1000, signal, from });
  if (!sent.ok) return refuse(sent.problem);
  const { problems, ...counts } = sent.value;
  if (options.json) sayJson({ tier: allowed.value, ...counts, problems });
  else if (counts.sent === 0 && counts.pending === 0) say('nothing new: everything is with the aggregator');
  else
    say(`${counts.sent} sent (${counts.duplicates} of them known), ${counts.rejected} refused, ${counts.pending} wait`);
  note(problems);
  return counts.pending > 0 || problems.length > 0 ? EXIT.failure : EXIT.ok;
}

function show(options: StatusOptions): number {
  const opened = uplinkFor(options);
  if (!opened.ok) return refuse(opened.problem);
  const { privacy, uplink } = opened.value;
  const state = uplink.state.read();
  const queue = uplink.queue.status(state.acked_seq);
  if (options.prometheus) {
    process.stdout.write(healthText(state, queue, Date.now()));
    return EXIT.ok;
  }
  const allowed = uplink.allowed();
  const { sent_total: sent, rejected_total: rejected, retries_total: retries, lost, last_ok_at: lastOk } = state;
  if (options.json) {
    sayJson({
      tier: privacy.tier,
      may_leave: allowed.ok,
      why_not: allowed.ok ? null : allowed.problem.message,
      pending: queue.pending,
      queue_bytes: queue.bytes,
      queue_limit_bytes: queue.maxBytes,
      oldest_at: queue.oldestAt,
      sent_total: sent,
      rejected_total: rejected,
      retries_total: retries,
      lost,
      last_ok_at: lastOk,
      last_problem: state.last_problem,
    });
    return EXIT.ok;
  }
  say(allowed.ok ? `tier ${privacy.tier}` : allowed.problem.message);
  say(`${queue.pending} wait${queue.oldestAt === null ? '' : `, the oldest since ${queue.oldestAt}`}`);
  say(`${sent} sent, ${rejected} refused, ${retries} tried again; last taken ${lastOk ?? 'never'}`);
  say(`queue ${queue.bytes} of ${queue.maxBytes} bytes: ${uplink.queue.file}`);
  for (const { first, last } of lost)
    say(`numbers ${first} to ${last} are missing there and not here any more: tracker upload --again`);
  if (state.last_problem !== null) say(`${state.last_problem.at}: ${state.last_problem.message}`);
  return EXIT.ok;
}
