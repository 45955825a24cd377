/** A log whose lines a test can read. */
import { createLog, type Log, type LogEntry } from "../../src/lib/log.ts";

export function testLog(): { readonly log: Log; readonly entries: LogEntry[] } {
  const entries: LogEntry[] = [];
  return { log: createLog({ write: (entry) => entries.push(entry), level: () => "debug" }), entries };
}
