/** Structured log: handed down, never imported as a global; secrets are masked where a line leaves. */
import { maskSecrets } from "./mask.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogEntry {
  readonly ts: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Messages are constant lower-case sentences; facts go into `fields`. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
  /** A log that adds `fields` to each line. */
  child(fields: Record<string, unknown>): Log;
  /** Whether such a line is written: for those whose facts cost something. */
  writes(level: LogLevel): boolean;
}

export interface LogOptions {
  /** Takes each entry, already masked. */
  readonly write: (entry: LogEntry) => void;
  /** Lines below this level are dropped; asked at each line, so a reload takes effect at once. */
  readonly level: () => LogLevel;
  readonly now?: () => number;
}

export function createLog({ write, level, now = Date.now }: LogOptions, base: Record<string, unknown> = {}): Log {
  const writes = (own: LogLevel) => LOG_LEVELS.indexOf(own) >= LOG_LEVELS.indexOf(level());
  const at =
    (own: LogLevel) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      if (!writes(own)) return;
      const masked = maskSecrets({ ...base, ...fields }) as Record<string, unknown>;
      write({ ts: now(), level: own, message, fields: masked });
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => createLog({ write, level, now }, { ...base, ...fields }),
    writes,
  };
}

/** One JSON line, without the line feed. What the line itself says stands before a field of the same name. */
export function formatLogLine({ ts, level, message, fields }: LogEntry): string {
  const own = { ts: new Date(ts).toISOString(), level, message };
  return JSON.stringify({ ...own, ...fields, ...own });
}

/** What is safe and useful to log of something thrown. Causes beyond the eighth are left out: one may cause itself. */
export function describeError(thrown: unknown, depth = 0): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { error: String(thrown) };
  const hasCause = thrown.cause !== undefined && depth < 8;
  const cause = hasCause ? { cause: describeError(thrown.cause, depth + 1) } : {};
  return { error: thrown.message, name: thrown.name, ...(thrown.stack ? { stack: thrown.stack } : {}), ...cause };
}
