import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROBE_STATE, type ProbeEvidence } from '../../quota/probe-evidence.ts';
import { openUsageDatabase } from '../../store/db/open-usage-database.ts';
import { inTransaction } from '../../store/db/sqlite.ts';
import { inWords, reading } from '../database/open.ts';

/** Puts what was measured where the running shim, or else the next one, takes it over, once. Answers its name there. */
export async function seed(path: string, evidence: ProbeEvidence, nowTs: number): Promise<string> {
  const name = PROBE_STATE + randomUUID();
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
        db.prepare(insert).run(name, JSON.stringify(evidence), nowTs);
      });
    } finally {
      db.close();
    }
  });
  return name;
}

/** A shim writes some times a second, unless its disk is in trouble. */
const TAKEN_WITHIN_MS = 5_000;
const LOOK_MS = 50;

/** Waits until a shim has taken it over and written that down; false: it has not. */
export async function isTakenOver(path: string, name: string): Promise<boolean> {
  const endMs = performance.now() + TAKEN_WITHIN_MS;
  return reading(path, async (db) => {
    const row = db.prepare('SELECT json FROM state WHERE name = ?');
    while (row.get(name)?.['json'] !== 'null') {
      if (performance.now() > endMs) return false;
      await sleep(LOOK_MS);
    }
    return true;
  });
}
