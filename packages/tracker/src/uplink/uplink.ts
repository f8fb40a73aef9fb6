import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { MetricsSummary, RedactOptions } from '@ccp/contracts';
import { appendLines } from '../events/append.ts';
import type { Outcome } from '../problem.ts';
import { feedEvents, feedSummary, redactionOf } from './feed.ts';
import type { EventFeed, Fed } from './feed.ts';
import { mayLeaveAt } from './gate.ts';
import type { AskLicense } from './gate.ts';
import { post } from './post.ts';
import type { Destination } from './post.ts';
import type { Batch } from './batch.ts';
import { rehearse } from './rehearse.ts';
import type { PrivacySettings } from './privacy-settings.ts';
import { openQueue } from './queue.ts';
import type { Queue } from './queue.ts';
import { sendQueue } from './send.ts';
import type { Sent } from './send.ts';
import { openStateFile } from './uplink-state.ts';
import type { StateFile } from './uplink-state.ts';

export interface UplinkOptions {
  /** Data folder of the tracker. */
  readonly dir: string;
  readonly privacy: PrivacySettings;
  readonly ask: AskLicense;
  readonly follow: EventFeed['follow'];
  readonly tierOfSession: EventFeed['tierOfSession'];
  readonly now?: () => Date;
  readonly random?: () => number;
}

/** The side branch of the flow: what may leave goes into the queue, and from there to the aggregator. */
export interface Uplink {
  readonly queue: Queue;
  readonly state: StateFile;
  /** Whether anything may leave now, and at which tier. */
  allowed(): Outcome<'minimized' | 'full'>;
  redaction(): RedactOptions;
  /** From now on events count as written for this tier. Before the first event of a session. */
  prepare(): Promise<Outcome<null>>;
  /** Takes what is new of the journal, at the tier full; at others nothing. */
  feed(from?: 'cursor' | 'start'): Promise<Outcome<Fed>>;
  feedSummary(summary: MetricsSummary): Promise<Outcome<Fed>>;
  /** The requests the next upload would make at a tier, whether it may be made or not. */
  rehearse(summary: MetricsSummary, tier: 'minimized' | 'full'): Promise<Outcome<readonly Batch[]>>;
  /** Takes out what was sent and is older than the user wants to keep. */
  tidy(): Promise<Outcome<null>>;
  /** Sends what waits, for at most `forMs`. */
  send(destination: Destination, forMs: number, signal: AbortSignal): Promise<Outcome<Sent>>;
}

const DAY_MS = 86_400_000;
const NOTHING: Fed = { queued: 0, notes: [] };

export function openUplink(options: UplinkOptions): Uplink {
  const { dir, privacy, ask, now = () => new Date(), random = Math.random } = options;
  const folder = join(dir, 'uplink');
  const state = openStateFile(join(folder, 'state.json'));
  const queue = openQueue({
    file: join(folder, 'queue.jsonl'),
    maxBytes: privacy.retention.queueBytes,
    now,
    origin: () => {
      const { stream, acked_seq: ackedSeq } = state.read();
      return { stream, ackedSeq };
    },
  });
  const redaction = (): RedactOptions => redactionOf(state.read().hash_key, ownNames());
  const allowed = (): Outcome<'minimized' | 'full'> => mayLeaveAt(privacy.tier, ask);
  /** The state names the stream and the hash key: both are on the disk before anything refers to them. */
  const begin = async (): Promise<Outcome<number>> => {
    const { env_since: known } = state.read();
    const wanted =
      privacy.tierFrom === 'environment' && privacy.tier === 'full' ? (known ?? now().toISOString()) : null;
    const saved = await state.change((kept) => ({ ...kept, env_since: wanted }));
    if (!saved.ok) return saved;
    const since = privacy.since ?? wanted;
    return { ok: true, value: since === null ? now().getTime() : Date.parse(since) };
  };
  /** What was sent makes room before something new is refused. */
  const withRoom = async (work: () => Promise<Outcome<Fed>>): Promise<Outcome<Fed>> => {
    const first = await work();
    if (first.ok || first.problem.code !== 'queue-full') return first;
    const compacted = await queue.compact(state.read().acked_seq, now());
    return compacted.ok ? work() : compacted;
  };
  const tidy = (): Promise<Outcome<null>> =>
    queue.compact(state.read().acked_seq, new Date(now().getTime() - privacy.retention.sentDays * DAY_MS));
  return {
    queue,
    state,
    allowed,
    redaction,
    prepare: async () => {
      if (!allowed().ok) return { ok: true, value: null };
      const begun = await begin();
      return begun.ok ? { ok: true, value: null } : begun;
    },
    feed: async (from) => {
      const tier = allowed();
      if (!tier.ok) return tier;
      if (tier.value !== 'full') return { ok: true, value: NOTHING };
      const sinceMs = await begin();
      if (!sinceMs.ok) return sinceMs;
      const { follow, tierOfSession } = options;
      return withRoom(() =>
        feedEvents(queue, { follow, tierOfSession, sinceMs: sinceMs.value, redaction: redaction() }, from),
      );
    },
    feedSummary: async (summary) => {
      const tier = allowed();
      if (!tier.ok) return tier;
      const begun = await begin();
      if (!begun.ok) return begun;
      return withRoom(() => feedSummary(queue, summary, tier.value, redaction()));
    },
    send: async (destination, forMs, signal) => {
      const tier = allowed();
      if (!tier.ok) return tier;
      const sent = await sendQueue(
        {
          queue,
          state,
          post: (batch) => post(batch, destination, signal),
          setAside: (rows) => setAside(join(folder, 'rejected.jsonl'), rows),
          nowMs: () => now().getTime(),
          random,
          pause: (ms) => pause(ms, signal),
          stopped: () => signal.aborted,
        },
        now().getTime() + forMs,
      );
      if (!sent.ok) return sent;
      const tidied = await tidy();
      return tidied.ok ? sent : tidied;
    },
    rehearse: async (summary, tier) => {
      const begun = await begin();
      if (!begun.ok) return begun;
      const { follow, tierOfSession } = options;
      const feed = { follow, tierOfSession, sinceMs: begun.value, redaction: redaction() };
      return rehearse({ queue, state: state.read(), feed, summary, tier });
    },
    tidy,
  };
}

async function setAside(file: string, rows: readonly object[]): Promise<Outcome<null>> {
  const lines = rows.map((row) => Buffer.from(`${JSON.stringify(row)}\n`));
  const written = await appendLines(file, () => ({ ok: true, value: lines }));
  return written.ok ? { ok: true, value: null } : written;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}

/** Names that would say whose machine it is. */
function ownNames(): string[] {
  try {
    const { username, homedir } = userInfo();
    return [username, homedir, hostname()].filter((name) => name !== 'root' && name !== 'localhost');
  } catch {
    // A user without an entry in the system's list.
    return [hostname()];
  }
}
