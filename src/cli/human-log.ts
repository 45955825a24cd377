/** Log lines for a person who watches a server at a terminal. */
import { createConsola, type LogType } from "consola";
import type { LogEntry } from "../lib/log.ts";
import { printableLine } from "../lib/terminal-text.ts";

/** What the app lets through was judged by its level already; all of it is shown. */
export function createHumanLog(stream: NodeJS.WriteStream): (entry: LogEntry) => void {
  const consola = createConsola({ level: Number.POSITIVE_INFINITY, stdout: stream, stderr: stream });
  return ({ level, message, fields }) => {
    const { stack: _, ...facts } = fields;
    const told = Object.entries(facts).map(
      ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    consola[level satisfies LogType](printableLine([message, ...told].join("  ")));
  };
}
