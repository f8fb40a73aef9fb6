import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Usage } from '@ccp/contracts';
import type { Books } from './books.ts';
import type { ConfigSnapshot } from './config/catalog.ts';
import type { Settings } from './config/settings.ts';
import type { RoutePolicy } from './route/choose-lanes.ts';
import type { BatchItem } from './store/db/batch-writer.ts';
import type { Loaded } from './store/db/read-store.ts';
import { runMaintenance } from './store/db/run-maintenance.ts';
import { usageSampleOf, type Sample } from './store/db/sample.ts';
import { importUsageLogs } from './store/db/usage-log-import.ts';
import { StoreUnavailableError, type StoreStatus } from './store/db/store-status.ts';
import { UsageStore } from './store/db/usage-store.ts';
import { routeInputs } from './store/decision-record.ts';
import type { HistoryReaders } from './surfaces/history.ts';
import { VERSION } from './version.ts';

export interface PersistenceOptions {
  readonly settings: Settings;
  readonly epoch: string;
  readonly startedTs: number;
  readonly nowTs: () => number;
  readonly config: () => ConfigSnapshot;
  readonly logger: (level: 'error' | 'warn' | 'info' | 'debug', message: string) => void;
}

/** What outlives the process: rows, sums, quotas, cooldowns, calibration. */
export interface Persistence {
  readonly record: (item: BatchItem) => void;
  readonly keepState: (name: string, value: unknown) => void;
  /** Null: nothing is kept (CCP_PERSIST=0). */
  readonly status: () => StoreStatus | null;
  /** Told how long each write took, in seconds. */
  readonly onWrite: (listener: (seconds: number) => void) => void;
  /** Id of what routing looks at, for the record of a decision. */
  readonly configId: (
    snapshot: ConfigSnapshot,
    policy: RoutePolicy,
    whyUnusable: (lane: string) => string | null,
  ) => string;
  readonly previousEpoch: () => Usage['previous_epoch'];
  readonly readers: HistoryReaders | null;
  /** Gives the books what the last run knew. */
  readonly restore: (books: Books) => void;
  /**
   * What goes on behind the requests: speeds come back, old rows leave. `catchUp` hands over what was settled and is not
   * written down yet.
   */
  readonly follow: (books: Books, logPath: string, catchUp: () => void) => void;
  /** A probe may have left what it measured. */
  readonly reload: (books: Books) => void;
  readonly close: () => void;
}

const NOTHING_KEPT: Persistence = {
  record: () => undefined,
  keepState: () => undefined,
  status: () => null,
  onWrite: () => undefined,
  configId: () => '',
  previousEpoch: () => null,
  readers: null,
  restore: () => undefined,
  follow: () => undefined,
  reload: () => undefined,
  close: () => undefined,
};

/** Never fails: what can't be opened or written now is tried again, and `status` says why. */
export function openPersistence(options: PersistenceOptions): Persistence {
  const { settings, epoch, startedTs, nowTs, logger } = options;
  const { database } = settings;
  if (database === null) return NOTHING_KEPT;
  let wrote: (seconds: number) => void = () => undefined;
  let logPath: string | null = null;
  let known: Books | null = null;
  let catchUp = (): void => undefined;
  let timer: NodeJS.Timeout | undefined;
  let maintaining = false;
  let maintainedRows = 0;
  let closed = false;

  const store = new UsageStore({
    path: database.path,
    nowTs,
    costOf: (sample) => costOf(sample, options.config()),
    onFlush: (seconds) => wrote(seconds),
    onProblem: (message) => logger('warn', `database: ${message}`),
    onRebuilt: (reason) => {
      logger('error', `database: ${reason}`);
      replay().catch((error: unknown) => logger('error', `usage log: ${String(error)}`));
    },
  });
  const oldestTs = (): number => nowTs() - options.config().quotas.weeklySeconds - SLACK_S;
  // Half a million minutes at worst: given to the books once and then let go.
  let loaded: Loaded | null = store.load(oldestTs());
  for (const problem of loaded.problems) logger('warn', `database: ${problem}`);
  const { lastSession } = loaded;
  store.beginSession(epoch, startedTs, VERSION);

  /** The log has every completion as well: what a damaged database has lost is taken from there. */
  const replay = async (): Promise<void> => {
    const folder = dirname(logPath ?? join(settings.logsDir, 'usage.jsonl'));
    const files = [...listLogs(join(folder, 'archive')), join(folder, 'usage.jsonl')];
    const { inserted, problems } = await importUsageLogs(store.sink(), files, { mode: 'samples_only' });
    store.flush();
    if (known !== null) {
      known.restoreLedger(store.load(oldestTs()).minutes);
      putBack(known);
    }
    logger('info', `database: ${inserted} samples were taken from the usage log`);
    for (const { file, line, message } of problems.slice(0, 5)) logger('warn', `${file}:${line}: ${message}`);
  };
  /** What the log no longer has, memory may still know. While rows wait to be written it is too early. */
  const putBack = (books: Books): void => {
    if (closed) return;
    try {
      // The ledger knows these turns: as rows that come later they would be added on top.
      catchUp();
      store.putMinutes(books.quotas.ledger.minutes());
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      setTimeout(() => putBack(books), PUT_BACK_MS).unref();
    }
  };
  const maintain = (): void => {
    // Nothing was written, so nothing waits to be copied from the log into the file.
    const { rowsWritten } = store.status();
    if (maintaining || rowsWritten === maintainedRows) return;
    maintaining = true;
    maintainedRows = rowsWritten;
    const retention = {
      nowTs: nowTs(),
      sampleTtlS: database.samplesS,
      hourTtlS: database.hoursS,
      decisionTtlS: DECISIONS_S,
      weeklySpanS: options.config().quotas.weeklySeconds,
      maxBytes: database.maxBytes,
    };
    runMaintenance({ path: database.path, retention })
      .catch((error: unknown) => logger('warn', `database: maintenance failed: ${String(error)}`))
      .finally(() => (maintaining = false));
  };

  const ids = new WeakMap<ConfigSnapshot, string>();
  return {
    record: (item) => store.record(item),
    keepState: (name, value) => store.putState(name, value),
    status: () => store.status(),
    onWrite: (listener) => (wrote = listener),
    configId: (snapshot, policy, whyUnusable) => {
      let id = ids.get(snapshot);
      if (id === undefined) {
        const json = JSON.stringify(routeInputs(snapshot, policy, whyUnusable));
        id = createHash('sha256').update(json).digest('hex').slice(0, 12);
        ids.set(snapshot, id);
        store.putConfigVersion(id, json);
      }
      return id;
    },
    previousEpoch: () => previousEpochOf(lastSession),
    readers: {
      nowTs,
      newestRow: () => store.newestRow(),
      samples: (query) => store.samples(query),
      rollups: (query) => store.rollups(query),
      toSample: usageSampleOf,
    },
    restore: (books) => {
      known = books;
      if (loaded !== null) books.restore(loaded);
      loaded = null;
    },
    follow: (books, path, handOver) => {
      logPath = path;
      catchUp = handOver;
      const samples = store.speedSamples(nowTs() - options.config().quotas.weeklySeconds);
      books.restoreSpeeds(samples).catch((error: unknown) => {
        if (!closed) logger('warn', `database: speeds of former runs are not shown: ${String(error)}`);
      });
      timer = setInterval(maintain, database.maintenanceMs);
      timer.unref();
    },
    reload: (books) => books.takeProbes(store.load(Infinity).states),
    close: () => {
      closed = true;
      clearInterval(timer);
      store.close();
    },
  };
}

const PUT_BACK_MS = 1_000;
/** Who asks why asks soon. */
const DECISIONS_S = 3 * 86_400;
/** Kept beyond the week, as in the ledger. */
const SLACK_S = 86_400;

function listLogs(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.startsWith('usage') && name.endsWith('.jsonl'));
    return names.toSorted().map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function previousEpochOf(lastSession: Loaded['lastSession']): Usage['previous_epoch'] {
  if (lastSession === null) return null;
  const { epoch, startedTs, endedTs, clean } = lastSession;
  return { epoch, started_ts: startedTs, ended_ts: endedTs, clean };
}

/** US dollars; null where the lane names no price. */
export function costOf(sample: Sample, { catalog }: ConfigSnapshot): number | null {
  const price = catalog.lanes.get(sample.lane)?.price ?? null;
  if (price === null) return null;
  const { inputTokens, outputTokens, cacheWriteTokens, cacheReadTokens } = sample;
  const micro =
    inputTokens * price.input +
    outputTokens * price.output +
    cacheWriteTokens * price.cacheWrite +
    cacheReadTokens * price.cacheRead;
  return micro / 1e6;
}
