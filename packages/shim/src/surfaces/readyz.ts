import type { LicenseState, Readyz } from '@ccp/contracts';
import { describeProblem } from '../config/config-problem.ts';
import type { ConfigSnapshot } from '../config/catalog.ts';
import type { FileStatus } from '../config/config-store.ts';
import type { PolicyState } from '../license/policy-store.ts';
import type { LaneCounters } from '../store/counters.ts';
import type { StoreStatus as DatabaseStatus } from '../store/db/store-status.ts';
import type { LogStatus } from '../store/usage-log.ts';
import { gatedLanes } from './usage.ts';

export interface ReadyzReaders {
  readonly version: string;
  readonly config: () => ConfigSnapshot;
  readonly files: () => { readonly providers: FileStatus; readonly quotas: FileStatus };
  readonly log: () => LogStatus;
  /** Null: nothing is kept in a database (CCP_PERSIST=0). */
  readonly database: () => DatabaseStatus | null;
  readonly lanes: () => ReadonlyMap<string, LaneCounters>;
  readonly whyUnusable: (lane: string) => string | null;
  /** Null: there is none. */
  readonly license: () => LicenseState | null;
  /** Null: there is none. */
  readonly policy: () => PolicyState | null;
  /** Why a license, or a key to check one with, does not count. */
  readonly licenseProblems: () => readonly string[];
  readonly draining: () => boolean;
  readonly nowTs: () => number;
}

/** Ready: the newest configuration is in use, the log can be written, at least one lane is usable, not shutting down. */
export function readyzAnswer(readers: ReadyzReaders): Readyz & { ready: boolean } {
  const { catalog, quotas } = readers.config();
  const files = readers.files();
  const log = readers.log();
  const database = readers.database();
  const storeOk = log.ok && (database?.ok ?? true);
  const reasons = new Map([...catalog.lanes.keys()].map((id) => [id, readers.whyUnusable(id)]));
  const usable = [...reasons.values()].some((reason) => reason === null);
  const valid = files.providers.problem === null && files.quotas.problem === null;
  const license = readers.license();
  const policy = readers.policy();
  const urlOf = (id: string): string => catalog.lanes.get(id)?.baseUrl ?? '';
  return {
    ready: valid && storeOk && usable && !readers.draining(),
    ts: readers.nowTs(),
    version: readers.version,
    node: process.version,
    config: { providers: fileState(files.providers), quotas: fileState(files.quotas) },
    store: {
      ok: storeOk,
      error: log.error ?? database?.error ?? null,
      path: database?.path ?? log.path,
      log: { ok: log.ok, error: log.error, path: log.path, pending: log.pendingLines },
      ...(database !== null && {
        database: { ok: database.ok, error: database.error, path: database.path, pending: database.pendingRows },
      }),
    },
    lanes: Object.fromEntries(
      [...reasons].map(([id, reason]) => [id, { ok: reason === null, reason: reason ?? 'ok', url: urlOf(id) }]),
    ),
    providers: Object.fromEntries(
      [...reasons].map(([id, reason]) => [
        id,
        {
          ok: reason === null,
          status: readers.lanes().get(id)?.last_status ?? 0,
          ...(reason !== null && { error: reason }),
          url: urlOf(id),
        },
      ]),
    ),
    ...(license !== null && { license }),
    ...(policy !== null && { policy: { ...policy } }),
    gated_lanes: gatedLanes([...catalog.lanes.keys()], readers.whyUnusable),
    features: { ...catalog.features },
    warnings: [
      ...[...catalog.warnings, ...quotas.warnings].map(describeProblem),
      ...readers.licenseProblems(),
      ...(usable ? [] : ['No lane is usable: set a key or a pass-through provider in providers.yaml.']),
      ...(readers.draining() ? ['Shutting down: no new requests are taken.'] : []),
    ],
  };
}

function fileState(status: FileStatus): { path: string; ok: boolean; error: string | null; loaded_ts: number } {
  return {
    path: status.path,
    ok: status.problem === null,
    error: status.problem === null ? null : describeProblem(status.problem),
    loaded_ts: status.loadedTs,
  };
}
