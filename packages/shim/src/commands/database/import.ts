import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openConfig } from '../../config/config-store.ts';
import { costOf } from '../../persistence.ts';
import { openUsageDatabase } from '../../store/db/open-usage-database.ts';
import type { Sample } from '../../store/db/sample.ts';
import { sampleSink } from '../../store/db/sample-sink.ts';
import { ForeignDatabaseError, NewerDatabaseError } from '../../store/db/schema.ts';
import { importUsageLogs, type ImportProblem, type ImportReport } from '../../store/db/usage-log-import.ts';
import { nowTs, settingsOf } from '../config/settings-of.ts';
import { OperatorError } from '../operator-command.ts';
import { Progress } from '../progress.ts';
import { inWords, type DatabaseFlags } from './open.ts';

export interface Imported extends ImportReport {
  readonly path: string;
  /** There was no database before. */
  readonly made: boolean;
}

/** Files and folders of usage logs into the database, which is made where there is none. */
export async function importLogs(path: string, places: readonly string[], flags: DatabaseFlags): Promise<Imported> {
  const found = places.map(logsAt);
  const config = openConfig(settingsOf(flags), nowTs).current();
  const made = !existsSync(path);
  const progress = new Progress();
  try {
    return await inWords(path, async () => {
      const prices = { costOf: (sample: Sample) => costOf(sample, config) };
      // Without a running shim nobody else copies the log into the file.
      const database = openOurs(path, { ...prices, autoCheckpoint: true });
      try {
        const sink = sampleSink(() => database, prices.costOf);
        const files = found.flatMap(({ files: some }) => some);
        const report = await importUsageLogs(sink, files, {
          onProgress: ({ file, lines }) => progress.say(`${lines.toLocaleString('en-US')} lines; ${file}`),
        });
        const problems = [...found.flatMap(({ problem }) => problem ?? []), ...report.problems];
        return { ...report, problems, path, made };
      } finally {
        database.db.close();
      }
    });
  } finally {
    progress.clear();
  }
}

/** Nothing at all could be read, although something was there to be read. */
export function isFruitless({ inserted, already, skipped, problems }: ImportReport): boolean {
  return inserted + already + skipped === 0 && problems.length > 0;
}

interface Found {
  readonly files: readonly string[];
  readonly problem: ImportProblem | null;
}

/** A folder stands for its logs and those of the folders in it, the archive first, as they were written. */
function logsAt(place: string): Found {
  if (statSync(place, { throwIfNoEntry: false })?.isDirectory() !== true) return { files: [place], problem: null };
  try {
    const names = readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'));
    const problem = names.length === 0 ? { file: place, line: 0, message: 'holds no file *.jsonl' } : null;
    return { files: names.toSorted().map((name) => join(place, name)), problem };
  } catch (error) {
    return { files: [], problem: { file: place, line: 0, message: `can't be read: ${(error as Error).message}` } };
  }
}

function openOurs(...[path, options]: Parameters<typeof openUsageDatabase>): ReturnType<typeof openUsageDatabase> {
  try {
    return openUsageDatabase(path, options);
  } catch (error) {
    if (error instanceof ForeignDatabaseError || error instanceof NewerDatabaseError)
      throw new OperatorError(error.message, 'nothing was written');
    throw error;
  }
}
