import type { UsageDatabase } from './open-usage-database.ts';

/** The row of this run; each new file gets it again. */
export class OwnSession {
  readonly epoch: string;
  readonly #startedTs: number;
  readonly #version: string;
  /** The connection that knows of it. */
  #in: UsageDatabase | null = null;

  constructor(epoch: string, startedTs: number, version: string) {
    this.epoch = epoch;
    this.#startedTs = startedTs;
    this.#version = version;
  }

  announce(connection: UsageDatabase): void {
    if (this.#in === connection) return;
    const sql = 'INSERT OR IGNORE INTO session (epoch, started_ts, ended_ts, clean, version) VALUES (?, ?, NULL, 0, ?)';
    connection.db.prepare(sql).run(this.epoch, this.#startedTs, this.#version);
    this.#in = connection;
  }

  sayGoodbye({ db }: UsageDatabase, nowTs: number): void {
    db.prepare('UPDATE session SET ended_ts = ?, clean = 1 WHERE epoch = ?').run(nowTs, this.epoch);
  }
}
