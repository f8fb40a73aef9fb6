import { randomUUID } from 'node:crypto';
import { PROBE_STATE, type ProbeEvidence } from '../../quota/probe-evidence.ts';
import { openUsageDatabase } from '../../store/db/open-usage-database.ts';
import { inTransaction } from '../../store/db/sqlite.ts';
import { inWords } from '../database/open.ts';

/** Puts what was measured where the running shim, or else the next one, takes it over, once. */
export async function seed(path: string, evidence: ProbeEvidence, nowTs: number): Promise<void> {
  await inWords(path, () => {
    const { db } = openUsageDatabase(path, { create: false });
    try {
      inTransaction(db, () => {
        // The end of the range: the character that comes after the colon.
        db.prepare("DELETE FROM state WHERE name >= ? AND name < ? AND json = 'null'").run(
          PROBE_STATE,
          PROBE_STATE.replace(/:$/, ';'),
        );
        const insert = 'INSERT INTO state (name, json, updated_ts) VALUES (?, ?, ?)';
        db.prepare(insert).run(PROBE_STATE + randomUUID(), JSON.stringify(evidence), nowTs);
      });
    } finally {
      db.close();
    }
  });
}
