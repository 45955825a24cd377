/** The last lines that each plugin wrote, and what was logged of it, whatever the level of the server's log. */
import { createLog, type Log } from "../lib/log.ts";
import { LogHistory, type NumberedEntry } from "../lib/log-history.ts";
import { teeLog } from "../lib/tee-log.ts";

const KEPT = 200;

export class PluginLogs {
  readonly #log: Log;
  readonly #histories = new Map<string, LogHistory>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** The log of one plugin: the server's, and its own lines. */
  of(pluginId: string): Log {
    const history = this.#histories.get(pluginId) ?? new LogHistory(KEPT);
    this.#histories.set(pluginId, history);
    const own = createLog({ write: (entry) => history.add(entry), level: () => "debug" });
    return teeLog(this.#log.child({ plugin: pluginId }), own);
  }

  /** Oldest first. */
  tail(pluginId: string, limit: number): readonly NumberedEntry[] {
    return this.#histories.get(pluginId)?.tail({ limit, level: "debug", after: 0 }).entries ?? [];
  }

  forget(pluginId: string): void {
    this.#histories.delete(pluginId);
  }
}
