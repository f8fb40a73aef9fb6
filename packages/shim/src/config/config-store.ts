import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ValidPolicy } from '@ccp/contracts';
import { builtInCatalog, noQuotas } from './built-in.ts';
import type { Catalog, ConfigSnapshot, QuotaConfig } from './catalog.ts';
import { describeChanges } from './changes.ts';
import { describeProblem, type ConfigProblem } from './config-problem.ts';
import { watchedLicenseFiles } from './license-files.ts';
import { parseCatalog } from './load-catalog.ts';
import { parseQuotaConfig } from './load-quotas.ts';
import type { Settings } from './settings.ts';
import { withPolicy } from './with-policy.ts';

/** Whether the file on disk is the one in use. */
export interface FileStatus {
  readonly path: string;
  readonly loadedTs: number;
  /** Why the newest version of the file is not in use; null when it is. */
  readonly problem: ConfigProblem | null;
}

/** The configuration in use. A file that can't be used never replaces one that can. */
export interface ConfigStore {
  current(): ConfigSnapshot;
  status(): { readonly providers: FileStatus; readonly quotas: FileStatus; readonly lastReloadTs: number | null };
  /** Reads everything again. Answers what could not be used; the rest is in use. */
  reload(): readonly ConfigProblem[];
  /** Reads the quotas again, from another file of the same folder when one is named. */
  reloadQuotas(file?: string): ConfigProblem | null;
  /** Follows the files until the returned function is called. */
  watch(onChange: (report: ReloadReport) => void): () => void;
}

/** What came of files that had changed. */
export interface ReloadReport {
  /** Files that could not be used; the last good ones stay in use. */
  readonly problems: readonly string[];
  /** What is different now. */
  readonly changes: readonly string[];
}

/** What of the configuration lies outside the files named in the settings. */
export interface ConfigExtras {
  /** Text whose change is a reason to look again, as a file's is: a license that has ended. */
  readonly alsoWatched?: () => string;
  /** Reads the routing policy again; null: there is none. */
  readonly policy?: () => ValidPolicy | null;
}

/** Throws {@link ConfigError} when a file can't be used at start: there is no last good one yet. */
export function openConfig(
  settings: Settings,
  nowTs: () => number,
  { alsoWatched = () => '', policy = () => null }: ConfigExtras = {},
): ConfigStore {
  let quotasFile = settings.quotasFile;
  let catalogProblem: ConfigProblem | null = null;
  let quotaProblem: ConfigProblem | null = null;
  let lastReloadTs: number | null = null;

  const readCatalog = (): Catalog | ConfigProblem => {
    const inForce = policy();
    const catalog = catalogOnDisk(settings, nowTs(), inForce);
    return inForce !== null && 'lanes' in catalog ? withPolicy(catalog, inForce) : catalog;
  };
  const readQuotas = (): QuotaConfig | ConfigProblem => quotasOnDisk({ ...settings, quotasFile }, nowTs());
  const readModel = (): string | null => settings.manualModel ?? readManualModel(settings.modelFile);

  const watched = (): string =>
    fingerprint([
      settings.providersFile,
      quotasFile,
      settings.modelFile,
      settings.policy.file,
      ...watchedLicenseFiles(settings.license),
    ]) + alsoWatched();
  const atStart = watched();
  const firstCatalog = readCatalog();
  if (!('lanes' in firstCatalog)) throw new ConfigError(firstCatalog);
  const firstQuotas = readQuotas();
  if (!('limits' in firstQuotas)) throw new ConfigError(firstQuotas);
  let snapshot: ConfigSnapshot = Object.freeze({
    catalog: firstCatalog,
    quotas: firstQuotas,
    manualModel: readModel(),
  });

  const reloadQuotas = (file?: string): ConfigProblem | null => {
    if (file !== undefined) {
      const wanted = resolve(dirname(settings.quotasFile), file);
      // Any path would let a caller probe the disk through error messages.
      if (dirname(wanted) !== dirname(settings.quotasFile)) {
        return {
          file,
          line: null,
          message: 'is outside the folder of the quotas file',
          remedy: `Put it in ${dirname(settings.quotasFile)}`,
        };
      }
      const before = quotasFile;
      const problemBefore = quotaProblem;
      quotasFile = wanted;
      const problem = existsSync(wanted)
        ? reloadQuotas()
        : { file: wanted, line: null, message: 'does not exist', remedy: 'Name an existing file' };
      if (problem !== null) {
        // The file in use is as sound as it was.
        quotasFile = before;
        quotaProblem = problemBefore;
      }
      return problem;
    }
    const quotas = readQuotas();
    lastReloadTs = nowTs();
    if ('limits' in quotas) {
      snapshot = Object.freeze({ ...snapshot, quotas });
      quotaProblem = null;
    } else {
      quotaProblem = quotas;
    }
    return quotaProblem;
  };
  const reload = (): readonly ConfigProblem[] => {
    const catalog = readCatalog();
    if ('lanes' in catalog) {
      snapshot = Object.freeze({ ...snapshot, catalog });
      catalogProblem = null;
    } else {
      catalogProblem = catalog;
    }
    snapshot = Object.freeze({ ...snapshot, manualModel: readModel() });
    reloadQuotas();
    return [catalogProblem, quotaProblem].filter((problem) => problem !== null);
  };

  return {
    current: () => snapshot,
    status: () => ({
      providers: { path: snapshot.catalog.path, loadedTs: snapshot.catalog.loadedTs, problem: catalogProblem },
      quotas: { path: snapshot.quotas.path, loadedTs: snapshot.quotas.loadedTs, problem: quotaProblem },
      lastReloadTs,
    }),
    reload,
    reloadQuotas,
    watch: (onChange) => {
      return look(watched, atStart, () => {
        const before = snapshot;
        const problems = reload().map(describeProblem);
        onChange({ problems, changes: describeChanges(before, snapshot) });
      });
    },
  };
}

/** What providers.yaml says now; the built-in catalogue where nobody named a file and there is none. */
export function catalogOnDisk(
  settings: Settings,
  nowTs: number,
  policy: ValidPolicy | null = null,
): Catalog | ConfigProblem {
  const text = readText(settings.providersFile, settings.providersFileNamed);
  if (text === null) return builtInCatalog(settings, nowTs, policy);
  return typeof text === 'string' ? parseCatalog(settings.providersFile, text, settings, nowTs) : text;
}

/** What quotas.json says now; no limits where nobody named a file and there is none. */
export function quotasOnDisk(settings: Settings, nowTs: number): QuotaConfig | ConfigProblem {
  const text = readText(settings.quotasFile, settings.quotasFileNamed);
  if (text === null) return noQuotas(nowTs);
  return typeof text === 'string' ? parseQuotaConfig(settings.quotasFile, text, nowTs) : text;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(problem: ConfigProblem) {
    super(describeProblem(problem));
  }
}

/** Half a second between looks: six stat calls a second cost nothing that can be measured. */
const LOOK_MS = 500;

/**
 * Looks at the files themselves. Notifications of the file system are missed when an editor replaces a file by renaming
 * just after the watch began, and do not exist on some network folders; a look misses nothing.
 */
function look(watched: () => string, atStart: string, onChange: () => void): () => void {
  let seen = atStart;
  const timer = setInterval(() => {
    const now = watched();
    if (now === seen) return;
    seen = now;
    onChange();
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function fingerprint(files: readonly string[]): string {
  return files
    .map((file) => {
      try {
        const { ino, mtimeMs, size } = statSync(file);
        return `${ino} ${mtimeMs} ${size}`;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
    })
    .join('\n');
}

/** The text; null when the file does not exist and nobody named it; a problem when it can't be read. */
function readText(file: string, named: boolean): string | null | ConfigProblem {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !named) return null;
    return {
      file,
      line: null,
      message: code === 'ENOENT' ? 'does not exist' : `can't be read (${code ?? 'error'})`,
      remedy: 'Check the path and its permissions',
    };
  }
}

export function readManualModel(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim() || null;
  } catch {
    return null;
  }
}
