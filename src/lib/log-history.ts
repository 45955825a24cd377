/** The newest log lines in memory, so that `logs.tail` needs no file. */
import { LOG_LEVELS, type LogEntry, type LogLevel } from "./log.ts";

export interface NumberedEntry {
  readonly n: number;
  readonly ts: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

export class LogHistory {
  readonly #size: number;
  #entries: NumberedEntry[] = [];
  #n = 0;

  constructor(size = 2000) {
    this.#size = size;
  }

  add({ ts, level, message, fields }: LogEntry): void {
    this.#entries.push({ n: ++this.#n, ts, level, message, fields: { ...fields } });
    if (this.#entries.length >= this.#size * 2) this.#entries = this.#entries.slice(-this.#size);
  }

  /** Lines at least as severe as `level` that came after number `after`: the newest `limit`, oldest first. */
  tail({ limit, level, after }: { limit: number; level: LogLevel; after: number }): {
    entries: NumberedEntry[];
    next: number;
  } {
    const least = LOG_LEVELS.indexOf(level);
    const entries = this.#entries
      .filter((entry) => entry.n > after && LOG_LEVELS.indexOf(entry.level) >= least)
      .slice(-limit);
    return { entries, next: this.#n };
  }
}
